"""The catalogue of leaf layers: per file one idea, each leaf with its formula and memory figure."""
