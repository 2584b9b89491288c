"""Features, costs and the leaf layers with their formulas; without tensors and torch."""
