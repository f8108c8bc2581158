"""Measures of pictures and classical codecs to stand beside. Needs the `eval` extra."""
