"""Recipes, data and one readable loop on the parts of timm and torch."""
