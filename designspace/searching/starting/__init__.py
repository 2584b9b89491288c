"""Data sharing, so that the first epoch of a search with Ray starts sooner."""
