"""Drawings of a trace: layout, SVG, DOT, figures, text and the standalone page."""
