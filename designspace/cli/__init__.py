"""The command line: one module per command; heavy packages are imported when a command runs."""

from designspace.stopping import asked, interrupt, stoppable

__all__ = ["main"]


def main() -> None:
    """Run the command line; a signal ends it with at most one line, even during imports."""
    with stoppable(interrupt, final=True):
        try:
            from designspace.cli.app import main as run

            run()
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except Exception:
            if not asked():
                raise
            raise SystemExit(130) from None  # a library turned the interruption into this error
