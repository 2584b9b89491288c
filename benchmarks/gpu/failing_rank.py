"""A process of a group that fails: started by torchrun, from the point `group`."""

from __future__ import annotations

import sys

from designspace.training.distributed import joined

if __name__ == "__main__":
    with joined(sys.argv[1]):
        raise RuntimeError("planted")
