"""Measurements on disk: accuracy, speed and zero-cost scores."""
