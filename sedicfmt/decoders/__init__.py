"""From a file's content to pictures: the reference from the latent, later ORAG, the restoring loop."""
