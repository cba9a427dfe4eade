"""Generators: one file each; its name is the key in a pack's card."""
