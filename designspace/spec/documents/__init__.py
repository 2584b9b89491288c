"""Documents: parsing YAML, inheritance, changes, validation, digests and the catalog."""
