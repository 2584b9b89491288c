"""What is known of a space from an earlier run: its tables and its description, on disk."""
