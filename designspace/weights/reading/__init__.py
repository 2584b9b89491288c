"""Reading: bytes to tensors, whatever file, container and wrapper they come in; no code is run."""
