"""The largest size or width that a specification may contain; a larger one is certainly a typo."""

WIDEST = 1_000_000
