"""Training of the bundled models. Needs the `train` extra (torch); nothing else in the package imports this."""
