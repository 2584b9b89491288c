"""Exact counts and ranks of the distinct networks of a space within limits."""
