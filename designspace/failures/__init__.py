"""Failures that come from the machine: a GPU that is lost to its process, and memory that ends."""
