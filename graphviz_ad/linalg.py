"""Linear algebra under NumPy's names: ``ad.linalg.norm`` is what ``np.linalg.norm`` is.

The functions themselves are op pages like all others; this is their namespace.
"""

from __future__ import annotations

import numpy as np

from graphviz_ad.ops import FUNCTIONS

__all__ = sorted(name for name in FUNCTIONS if hasattr(np.linalg, name))

globals().update({name: FUNCTIONS[name] for name in __all__})
