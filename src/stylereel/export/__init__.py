"""Pack to artefact, with a parity check."""
