"""The tables and descriptions of spaces, kept on disk from earlier runs."""
