"""The HTTP API, a family: each file exports `router(house)`, and is picked up by its name."""
