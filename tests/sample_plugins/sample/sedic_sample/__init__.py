"""Back ends of a small package: a describer and a restorer, each in a file of its own."""
