"""Search: a driver without Ray, proposers, a scheduler, and executors that run the trials."""
