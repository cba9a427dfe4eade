"""The training loop, its watches and its recipes."""
