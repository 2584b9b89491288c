"""The state of a training: initial weights, pretrained weights, checkpoints."""
