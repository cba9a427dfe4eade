"""The studio: a door like the command line, over HTTP; it parses, calls one action, and answers."""
