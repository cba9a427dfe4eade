"""The basement: frames, errors, registries, settings. Imports neither torch nor PyAV."""
