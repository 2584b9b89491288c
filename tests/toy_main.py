"""Run a study of toys from the command line, so that a test can kill it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from toy import request

from designspace.search.study import run_study

if __name__ == "__main__":
    outcome = run_study(request(Path(sys.argv[1]), **json.loads(sys.argv[2])))
    sys.exit(outcome.exit_code)
