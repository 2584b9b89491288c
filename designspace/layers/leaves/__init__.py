"""The catalogue of leaf layers: one idea per file, each leaf with its cost and memory formulas."""
