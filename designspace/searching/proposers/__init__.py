"""Proposers: which networks of a space a study trains next."""
