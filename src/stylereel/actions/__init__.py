"""One verb per file: the real API, which the command line and the studio only render."""
