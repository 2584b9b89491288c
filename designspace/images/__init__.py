"""Images as networks see them: read from where they are, augmented where they lie, in batches."""
