"""The command line: a verb a file; each verb imports what is heavy when it runs."""

from designspace.stopping import asked, interrupt, stoppable

__all__ = ["main"]


def main() -> None:
    """Run the command line; a signal ends it with one line at most, even while it is imported."""
    with stoppable(interrupt, final=True):
        try:
            from designspace.cli.app import main as run

            run()
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except Exception:
            if not asked():
                raise
            raise SystemExit(130) from None  # what a library makes of an interruption
