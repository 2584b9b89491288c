"""Images as networks see them: read from their files, augmented on the device, in batches."""
