"""Files of encoded images: their names, and access to the images by number."""
