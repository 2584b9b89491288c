"""Optimizers, parameter groups, schedules and weight averages, built from a recipe."""
