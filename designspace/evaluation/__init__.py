"""Measuring networks on suitable images, with matched classes and the view of their weights."""

from designspace.evaluation.classes import match_classes, parse_classes
from designspace.evaluation.images import Chosen, Request, choose_images
from designspace.evaluation.measure import Evaluation, Settings, measure
from designspace.evaluation.subject import Subject, Training, find_subject

__all__ = [
    "Chosen",
    "Evaluation",
    "Request",
    "Settings",
    "Subject",
    "Training",
    "choose_images",
    "find_subject",
    "match_classes",
    "measure",
    "parse_classes",
]
