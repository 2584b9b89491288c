"""Executors: they run the trials that the driver starts, in this process or with Ray."""
