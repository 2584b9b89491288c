"""Optimizers, parameter groups, schedules and weight averages, as a recipe says."""
