"""Run the command line as `python -m designspace`."""

from designspace.cli import main

main()
