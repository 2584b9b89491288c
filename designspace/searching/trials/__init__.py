"""A trial inside a worker: from a job to a training."""
