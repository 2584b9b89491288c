"""Spaces: axes, conditions and limits around a base network."""
