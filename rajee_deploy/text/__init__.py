"""Texts that others wrote, taken apart: lines, numbers, JSON and TOML; and secrets hidden in texts. Pure."""
