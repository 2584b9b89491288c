"""The report of one study: rows, frontier, curves, pictures, page and files."""
