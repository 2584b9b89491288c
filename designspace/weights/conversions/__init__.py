"""Conversions of tensors: other input sizes, other channels, another library's kernels."""
