"""The notebook room: the page's payload, the Stepper widget and the view that show_graph returns."""
