"""Reading tensors from any file, container or wrapper; no code is run."""
