"""The state of a training: first weights, pretrained weights, checkpoints."""
