"""Folders in, folders out: which files, what of them is done already, and one after the other."""
