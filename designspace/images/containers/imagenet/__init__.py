"""ImageNet's own lists: the order of its classes and the labels of its validation images."""
