"""This machine: other programs, temporary directories, files that are written whole, signals, places."""
