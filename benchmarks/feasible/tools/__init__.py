"""A tool a file: `PACKAGE`, what must be installed (or None), and `draws`.

`draws(job, seed)` first makes itself ready and yields `(0, [])`; then it yields, without end, how
many networks it drew since the last time, and those that meet the budget as rows of indices.
"""
