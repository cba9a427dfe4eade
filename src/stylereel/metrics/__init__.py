"""Frozen protocols that judge a stylised video against its source. One metric per file."""
