"""Conversions of tensors from other input sizes, other channels and another library's kernels."""
