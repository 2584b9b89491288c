"""How this machine reads images: worker processes, and the memory that they share."""
