"""Texts that others wrote, taken apart: lines, numbers, JSON and TOML. Pure."""
