"""From a picture to words, boxes, masks and latent: pluggable stages, plain types at their borders."""
