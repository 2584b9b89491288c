"""The measured parts of pages, a file a subject: each has `PARTS`, name to function."""
