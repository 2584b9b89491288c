"""The algebra of costs: which networks of a space fit, counted and drawn exactly."""
