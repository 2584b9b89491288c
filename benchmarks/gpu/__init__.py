"""One command that puts everything a GPU must do to the test: `make gpu`.

Each point is a question with a pass or a fail. It runs in a process of its own under a time limit,
since some points break CUDA on purpose. The record is written after every point, so that a lease
that ends early keeps what was seen. `--device cpu` rehearses the points that need no GPU, to test
this program itself; a rehearsal is never the record that README reads.
"""
