"""Counting and ranking the distinct networks of a space within limits."""
