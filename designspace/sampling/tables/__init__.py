"""Tables of a space: the value of each part of a network for every combination of labels."""
