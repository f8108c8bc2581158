"""Segments: one module a kind, payload <-> its content."""
