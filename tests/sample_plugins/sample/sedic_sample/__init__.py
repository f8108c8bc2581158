"""Back ends of a small package: a describer, a latent codec and a restorer, each in a file of its own."""
