"""Containers of images, folders, archives and tables, and the one rule that reads all of them."""
