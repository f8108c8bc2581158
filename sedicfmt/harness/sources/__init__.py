"""Where files and pictures come from: `.sedic`, the built-in codecs, codecs of others by their command lines."""
