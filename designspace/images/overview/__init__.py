"""What the data are, for a person who has not trained on them yet."""
