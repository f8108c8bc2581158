"""Lossless coding on integers alone, ignorant of .sedic: Huffman, run-length, MQ, range coder."""
