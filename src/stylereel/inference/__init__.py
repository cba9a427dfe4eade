"""Applies a look: runners execute the network, stages transform frames, the engine overlaps the work."""
