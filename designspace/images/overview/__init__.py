"""Overview of a data set, for people who have not trained on it yet."""
