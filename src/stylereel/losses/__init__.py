"""Losses: one public function per file, tensors in, scalar out."""
