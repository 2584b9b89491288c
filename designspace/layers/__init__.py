"""Features, costs and the leaf layers, each with its formula; no tensors and no torch."""
