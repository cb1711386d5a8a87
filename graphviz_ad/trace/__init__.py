"""The trace: what a run recorded, frozen, with its steps, arrays, places and notation."""
