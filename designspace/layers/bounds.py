"""How large a number of a specification may be: beyond it a slip of the hand is certain."""

WIDEST = 1_000_000
