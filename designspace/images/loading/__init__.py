"""Loading of batches on this machine: worker processes, and the memory that they share."""
