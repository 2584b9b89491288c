"""Layers whose computation depends on the device: the quickest kernel for the same function."""
