"""How the allocator is asked to treat the memory that a training step frees."""

from __future__ import annotations

import numpy as np

__all__ = ["keep_freed_memory"]

_BYTES = 31 << 20


def keep_freed_memory() -> None:
    """Let freed arrays be used again by the next training step, where glibc allocates.

    A graph is freed all at once. glibc then returns the memory to the system, and the next
    step pays for every page of it anew: a third of the time of an MLP's step. How much it
    keeps follows from the largest block that was ever freed, up to 32 MiB; this frees one
    that was never touched, so that it costs nothing. Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    np.empty(_BYTES, dtype=np.uint8)
