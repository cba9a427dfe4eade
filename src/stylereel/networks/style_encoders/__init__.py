"""Style encoders: one file each."""
