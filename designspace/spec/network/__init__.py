"""Networks: stem, stages and head, and how they are loaded, written and compared."""
