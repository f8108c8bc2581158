"""What people look at: a page about one file, a bar of its bytes, two files compared, files found by their words."""
