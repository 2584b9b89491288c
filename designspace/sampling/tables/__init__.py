"""Tables of a space: what every combination of labels makes of each part of a network."""
