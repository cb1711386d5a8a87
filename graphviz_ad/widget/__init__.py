"""The notebook room: the page's payload, the Stepper, and the view of show_graph."""
