"""Reads and writes time-stamped frames; the only home of PyAV."""
