"""Style packs: the folder that people share. Loading one runs no code, unpickles nothing, needs no torch."""
