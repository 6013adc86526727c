"""Drawings, made here as SVG: pure functions of views. Colours are classes, so light and dark are the style sheet's."""
