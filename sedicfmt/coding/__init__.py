"""The small public face of the lossless coders: `text`, `mask`."""
