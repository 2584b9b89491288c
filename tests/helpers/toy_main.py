"""Run a study of toys from the command line, so that a test can kill it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # Ray hands it on to its workers

from designspace.errors import DesignspaceError
from designspace.searching.study import run_study
from designspace.stopping import interrupt, stoppable
from tests.helpers.toy import request


def main() -> int:
    try:
        return run_study(request(Path(sys.argv[1]), **json.loads(sys.argv[2]))).exit_code
    except KeyboardInterrupt:
        return 130
    except DesignspaceError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    with stoppable(interrupt, final=True):
        code = main()
    sys.exit(code)
