"""Typed results on disk."""
