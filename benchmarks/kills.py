"""Kill searches in thirty ways, go on each time, and count what was lost, repeated or left over.

Run by hand: `python benchmarks/kills.py`; writes `benchmarks/records/kills.json`. The trainings are
the toys of the tests, so that a study takes seconds. Each case is one study: it is killed once,
looked at after a pause, and brought to its end by the same command.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from designspace.records.environment import environment
from designspace.records.study.events import EpochEnded
from designspace.records.study.ledger import read
from designspace.records.study.state import StudyState

ROOT = Path(__file__).parent.parent
MAIN = ROOT / "tests" / "toy_main.py"
TRIALS, SLEEP = 6, 0.15
PAUSE = 10.0  # seconds from the end of the driver to the look at what is left
TITLES = {"worker": "ray::Worker", "raylet": "raylet", "gcs": "gcs_server"}
K, T, H, C = signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT


@dataclass(frozen=True)
class Case:
    """Whom to send which signals, in quick succession, after so many lines of the ledger."""

    executor: str
    victim: str
    signals: tuple[signal.Signals, ...]
    lines: int


def cases() -> list[Case]:
    """Fifteen kills under Ray and fifteen without."""
    singles = [(K,), (K,), (K,), (T,), (T,), (H,), (H,), (C,), (C,), (C, C), (T, T)]
    several = [(C, C, C), (H, C, T), (H, H, H), (T, C, T)]
    local = [Case("local", "driver", each, 6 + 2 * i) for i, each in enumerate(singles + several)]
    under_ray = [(K,), (K,), (T,), (H,), (C,), (C, C), (C, C, C), (H, T, C)]
    ray = [Case("ray", "driver", each, 6 + 2 * i) for i, each in enumerate(under_ray)]
    others = [("worker", K), ("worker", T), ("raylet", K), ("raylet", T)]
    others += [("gcs", K), ("gcs", T), ("gcs", K)]
    ray += [Case("ray", who, (one,), 8 + 2 * i) for i, (who, one) in enumerate(others)]
    return local + ray


@dataclass
class Seen:
    """What a case came to."""

    executor: str
    victim: str
    signals: str
    exit_code: int
    exit_s: float
    line: str
    tracebacks: int
    trials: int
    complete: bool
    epochs_recorded_twice: int
    epochs_trained_again: int
    processes_left: int
    directories_left: int
    files_left: int
    exit_code_after: int
    left_after: int


def settings(executor: str) -> str:
    return json.dumps(
        {"trials": TRIALS, "proposer": "random", "executor": executor, "recipe": {"sleep": SLEEP}}
    )


def begin(study: Path, case: Case, temporary: Path) -> subprocess.Popen[str]:
    tests = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    variables = {**os.environ, "PYTHONPATH": tests, "RAY_TMPDIR": str(temporary)}
    return subprocess.Popen(
        [sys.executable, str(MAIN), str(study), settings(case.executor)],
        env=variables, text=True, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def processes(session: int) -> list[tuple[int, str]]:
    """The living processes of a session: those that a driver began, and what they began."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,sid,stat,args"], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=3) for line in listed.stdout.splitlines()[1:]]
    return [
        (int(pid), args)
        for pid, sid, state, args in rows
        if int(sid) == session and not state.startswith("Z")
    ]


def victim(driver: int, name: str) -> int | None:
    """Whom to kill; None as long as there is no such process."""
    if name == "driver":
        return driver
    title = TITLES[name]
    named: Callable[[str], bool] = (
        (lambda args: args.startswith(title))
        if name == "worker"
        else (lambda args: Path(args.split()[0]).name == title)
    )
    found = [pid for pid, args in processes(driver) if named(args)]
    return found[0] if found else None


def wait(process: subprocess.Popen[str], study: Path, case: Case) -> int | None:
    """Wait until the study is under way; whom to kill, None where the driver ended before."""
    ledger = study / "trials.jsonl"
    while process.poll() is None:
        if ledger.exists() and ledger.read_bytes().count(b"\n") >= case.lines:
            found = victim(process.pid, case.victim)
            if found is not None:
                return found
        time.sleep(0.01)
    return None


def directories(temporary: Path) -> list[Path]:
    return [path for path in temporary.glob("ray/session_*") if not path.is_symlink()]


def files(study: Path) -> list[Path]:
    """What no search should leave: unfinished writes, and all that Ray was given."""
    names = ("*.coming", "*.tmp", ".ray", ".ray-session.json")
    return [path for name in names for path in study.rglob(name)]


def trained_again(study: Path) -> int:
    files = (study / "trials").glob("*/trained.txt")
    epochs = [file.read_text().split() for file in files]
    return sum(len(each) - len(set(each)) for each in epochs)


def tried(case: Case, study: Path, temporary: Path) -> Seen:
    process = begin(study, case, temporary)
    number = wait(process, study, case)
    began = time.monotonic()
    for each in case.signals:
        try:
            os.kill(number or process.pid, each)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    _, said = process.communicate(timeout=120)
    took = time.monotonic() - began
    time.sleep(PAUSE if case.executor == "ray" else 0.5)
    left = processes(process.pid)
    left_directories, left_files = len(directories(temporary)), len(files(study))
    again = begin(study, case, temporary)
    _, said_again = again.communicate(timeout=300)
    events = read(study / "trials.jsonl")
    recorded = Counter((one.trial, one.epoch) for one in events if isinstance(one, EpochEnded))
    state = StudyState.replay(events)
    both = [*processes(process.pid), *processes(again.pid)]
    after = len(both) + len(directories(temporary)) + len(files(study))
    lines = said.strip().splitlines()
    return Seen(
        executor=case.executor,
        victim=case.victim,
        signals=" ".join(each.name for each in case.signals),
        exit_code=process.returncode,
        exit_s=round(took, 2),
        line=lines[-1] if lines else "",
        tracebacks=(said + said_again).count("Traceback"),
        trials=state.count("complete", "stopped"),
        complete=state.complete,
        epochs_recorded_twice=sum(count - 1 for count in recorded.values()),
        epochs_trained_again=trained_again(study),
        processes_left=len(left),
        directories_left=left_directories,
        files_left=left_files,
        exit_code_after=again.returncode,
        left_after=after,
    )


def totals(seen: list[Seen]) -> dict[str, Any]:
    """The sums over all kills."""
    return {
        "kills": len(seen),
        "complete studies": sum(one.complete and one.trials == TRIALS for one in seen),
        "epochs recorded twice": sum(one.epochs_recorded_twice for one in seen),
        "epochs trained again": sum(one.epochs_trained_again for one in seen),
        "tracebacks": sum(one.tracebacks for one in seen),
        "processes left after 10 s": sum(one.processes_left for one in seen),
        "directories of Ray left": sum(one.directories_left for one in seen),
        "files left": sum(one.files_left for one in seen),
        "left after the next run": sum(one.left_after for one in seen),
        "exit codes": dict(sorted(Counter(str(one.exit_code) for one in seen).items())),
    }


def main() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # what nohup ignores, a search ignores as well
    seen: list[Seen] = []
    for case in cases():
        with tempfile.TemporaryDirectory(prefix="ds", dir="/tmp") as place:
            seen.append(tried(case, Path(place) / "study", Path(place)))
        print(json.dumps(asdict(seen[-1])), flush=True)
    record = {
        "command": "python benchmarks/kills.py",
        "n": len(seen),
        "device": f"CPU, {os.cpu_count()} cores",
        "trials": TRIALS,
        "totals": totals(seen),
        "kills": [asdict(one) for one in seen],
        "environment": environment(),
    }
    path = Path(__file__).parent / "records" / "kills.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(totals(seen), indent=2))


if __name__ == "__main__":
    main()
