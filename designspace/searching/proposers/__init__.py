"""Proposers: they choose the networks of a space that a study trains next."""
