"""Every colour role of a scene, for the two themes."""

from __future__ import annotations

from graphviz_ad.render.scene import DARK, LIGHT, Scene
from graphviz_ad.render.signs import SIGN_DARK, SIGN_LIGHT
from graphviz_ad.render.sizes import SIZE_DARK, SIZE_LIGHT

__all__ = ["palette", "roles_of"]

_ALL_LIGHT = {**LIGHT, **SIZE_LIGHT, **SIGN_LIGHT}
_ALL_DARK = {**DARK, **SIZE_DARK, **SIGN_DARK}


def palette(dark: bool) -> dict[str, str]:
    """Return the colours by role."""
    return _ALL_DARK if dark else _ALL_LIGHT


def roles_of(scene: Scene) -> list[str]:
    """Return the roles whose colours a style sheet must hold: the usual ones, and those used."""
    used = {
        role
        for part in scene.parts
        for primitive in part.primitives
        for role in (getattr(primitive, "fill", None), getattr(primitive, "stroke", None))
        if role is not None
    }
    return [role for role in _ALL_DARK if role in DARK or role in used]
