"""Time both sides and write the record; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from designspace.records.environment import environment

ROOT = Path(__file__).resolve().parents[2]
SWEEP = "configs/sweeps/cifar/cifar_regnet.yaml"
SPACE, NETWORKS = "regnet", 32


def arguments() -> argparse.Namespace:
    """What can be asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pycls", type=Path, required=True, help="a checkout of pycls")
    parser.add_argument("--python", required=True, help="the Python that can import it")
    parser.add_argument("--seconds", type=float, default=60, help="the sampler's turn")
    parser.add_argument("--repeats", type=int, default=5, help="processes of ours")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/records/regnet.json")
    return parser.parse_args()


def sweep_in(folder: Path, source: Path) -> Path:
    """pycls' sweep file, told where to write."""
    path = folder / "sweep.yaml"
    path.write_text((source / SWEEP).read_text() + f"\nROOT_DIR: {folder / 'sweeps'}\n")
    return path


def tool(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """pycls' whole tool, once."""
    sweep = sweep_in(folder, options.pycls)
    command = [options.python, "tools/sweep_setup.py", "--sweep-cfg", str(sweep)]
    began = time.perf_counter()
    told = subprocess.check_output(command, text=True, cwd=options.pycls, env=_for(options.pycls))
    seconds = time.perf_counter() - began
    files = list((folder / "sweeps").glob("**/cfgs/*.yaml"))
    return {"seconds": seconds, "networks": len(files), "told": told.splitlines()[1:]}


def sampler(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """pycls' sampler alone, in one process."""
    request = {
        "source": str(options.pycls.resolve()),
        "sweep": str(sweep_in(folder, options.pycls)),
        "seed": 0,
        "seconds": options.seconds,
    }
    done = subprocess.run(
        [options.python, "-m", "benchmarks.regnet.pycls_worker"],
        input=json.dumps(request),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
        env=_for(options.pycls),
    )
    return json.loads(done.stdout)


def ours(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Our process, several times, a seed each."""
    seconds: list[float] = []
    for seed in range(options.repeats):
        out = folder / str(seed)
        words = ["sample", SPACE, "-n", str(NETWORKS), "--seed", str(seed), "--out", str(out)]
        command = [sys.executable, "-m", "designspace", *words]
        began = time.perf_counter()
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - began)
        if len(list(out.glob("*.yaml"))) != NETWORKS:
            raise SystemExit("ours wrote another number of networks")
    return {"seconds": seconds, "median_s": median(seconds), "networks": NETWORKS}


def _for(source: Path) -> dict[str, str]:
    """pycls is imported from its checkout, and asks for conda's prefix without needing it."""
    return {"CONDA_PREFIX": ""} | os.environ | {"PYTHONPATH": str(source.resolve())}


def main() -> None:
    """Ours before and after theirs, so that a change of the machine's load shows."""
    options = arguments()
    results: dict[str, Any] = {}
    for name, side in {"ours": ours, "tool": tool, "sampler": sampler, "again": ours}.items():
        with tempfile.TemporaryDirectory() as folder:
            results[name] = side(options, Path(folder))
        print(name, {key: value for key, value in results[name].items() if key != "networks"})
    commit = subprocess.check_output(
        ["git", "-C", str(options.pycls), "rev-parse", "HEAD"], text=True
    )
    record = {
        "command": "python -m benchmarks.regnet --pycls CHECKOUT --python PYTHON",
        "pycls": commit.strip(),
        "sweep": SWEEP,
        "space": SPACE,
        **results,
        "environment": environment() | {"load": os.getloadavg()},
    }
    options.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
