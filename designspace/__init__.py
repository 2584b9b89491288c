"""Declarative architecture search and design spaces for vision backbones."""
