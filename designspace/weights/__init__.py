"""Weights on disk, in safetensors with their specification."""

from designspace.weights.files import load_weights, read_facts, save_weights

__all__ = ["load_weights", "read_facts", "save_weights"]
