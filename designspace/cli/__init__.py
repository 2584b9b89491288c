"""The command line: a verb a file; each verb imports what is heavy when it runs."""

from designspace.cli.app import main

__all__ = ["main"]
