"""Discriminators: one file each."""
