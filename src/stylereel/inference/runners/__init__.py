"""One file per way of executing a pack's network; the file's name is what `--runner` takes."""
