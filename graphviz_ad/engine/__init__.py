"""The engine: tensors, the tape, the op page and the backward pass. It draws nothing."""
