"""Pack and unpack as a sequence of stages; where encoders, container and decoders meet."""
