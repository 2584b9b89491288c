"""Pixels of encoded images: facts from headers, and conversion of Pillow's modes to bytes."""
