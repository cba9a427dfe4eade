"""Pictures and videos become typed batches of crops."""
