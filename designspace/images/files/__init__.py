"""Files of encoded images: their names, and access to them by number."""
