"""Containers of images (folders, archives, tables) and the rule by which all of them are read."""
