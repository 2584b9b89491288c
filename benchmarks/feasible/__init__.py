"""One job given to several tools: draw networks under a budget, as many as time allows.

The job: networks of 4.5 GMACs +-1 % and at most 30 M parameters from a space of 16 ordinals
around ConvNeXt-T. Every tool proposes in its own way and gets the same closed formula as its
filter (`formula.py`, checked against `designspace.cost` before anything is timed), so that the
figures show how well it draws, not how fast it counts. A tool is a file in `tools/` and runs in a
process of its own, in turn with the others, once a round.

    python -m benchmarks.feasible                       # writes benchmarks/records/feasible.json
    python -m benchmarks.feasible --seconds 5 --rounds 1 --out feasible.json   # a quick look

numpy and Optuna come with this package. Syne Tune wants an environment of its own, whose Python is
then named; a tool that is not found is left out, and the record says so:

    python -m venv syne && syne/bin/pip install syne-tune
    python -m benchmarks.feasible --python syne_tune=syne/bin/python
"""
