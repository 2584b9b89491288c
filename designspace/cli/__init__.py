"""The command line: a verb a file; each verb imports what is heavy when it runs."""

__all__ = ["main"]


def main() -> None:
    """Run the command line; Ctrl-C while it is being imported ends it without a traceback."""
    try:
        from designspace.cli.app import main as run
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run()
