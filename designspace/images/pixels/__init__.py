"""Pixels of encoded images: what a file's header says, and any of Pillow's modes as bytes."""
