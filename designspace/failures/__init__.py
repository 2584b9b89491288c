"""Failures that come from the machine: a process loses its GPU, or memory runs out."""
