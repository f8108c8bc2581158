"""The models that a file can name: their registry, weights, and the arithmetic that runs them."""
