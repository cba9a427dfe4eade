"""The command line: parses, calls one action, renders. One file per command; imports stay light."""
