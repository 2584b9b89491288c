"""Weights: reading from files and timm, recognising layouts, loading, and saving."""

from designspace.weights.about import about
from designspace.weights.loading import Loaded, load_weights
from designspace.weights.preprocessing import IMAGENET, CropMode, Preprocessing, published_view
from designspace.weights.saving import save_weights, state_dict_as
from designspace.weights.sources import Weights, read_facts, read_weights

__all__ = [
    "IMAGENET",
    "CropMode",
    "Loaded",
    "Preprocessing",
    "Weights",
    "about",
    "load_weights",
    "published_view",
    "read_facts",
    "read_weights",
    "save_weights",
    "state_dict_as",
]
