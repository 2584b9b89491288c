"""Training: recipes, data and one readable loop, built from parts of timm and torch."""
