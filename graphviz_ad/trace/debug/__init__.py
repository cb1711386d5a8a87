"""The debugger over a trace: where one stands, what to stop at, and what is there to see."""
