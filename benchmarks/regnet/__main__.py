"""Time both sides and write the record; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Self

from designspace.costing import cost
from designspace.records.environment import environment
from designspace.sampling.space import load_space
from designspace.sampling.task import Task
from designspace.spec import load

ROOT = Path(__file__).resolve().parents[2]
SWEEP = "configs/sweeps/cifar/cifar_regnet.yaml"
SPACE, CLASSES, NETWORKS = "benchmarks/regnet/cifar.yaml", 10, 32


def arguments() -> argparse.Namespace:
    """What can be asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pycls", type=Path, required=True, help="a checkout of pycls")
    parser.add_argument("--python", required=True, help="the Python that can import it")
    parser.add_argument("--seconds", type=float, default=30, help="the sampler's turn")
    parser.add_argument("--repeats", type=int, default=5, help="processes of ours")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/records/regnet.json")
    return parser.parse_args()


class Clock:
    """Seconds by the clock, and of CPU time by all processes that were started and waited for."""

    def __enter__(self) -> Self:
        """Begin."""
        self._wall, self._cpu = time.perf_counter(), _children()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._wall, self._cpu = time.perf_counter() - self._wall, _children() - self._cpu

    def said(self) -> dict[str, float]:
        """Both, as they stand in the record."""
        return {"wall_s": round(self._wall, 3), "cpu_s": round(self._cpu, 3)}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sweep_in(folder: Path, source: Path) -> Path:
    """pycls' sweep file without squeeze-excitation, which we have not, told where to write."""
    text = (source / SWEEP).read_text()
    assert "SE_ON: True" in text
    path = folder / "sweep.yaml"
    text = text.replace("SE_ON: True", "SE_ON: False")
    path.write_text(f"{text}\nROOT_DIR: {folder / 'sweeps'}\n")
    return path


def tool(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """pycls' whole tool, once."""
    sweep = sweep_in(folder, options.pycls)
    command = [options.python, "tools/sweep_setup.py", "--sweep-cfg", str(sweep)]
    with Clock() as clock:
        told = subprocess.check_output(
            command, text=True, cwd=options.pycls, env=_for(options.pycls)
        )
    files = list((folder / "sweeps").glob("**/cfgs/*.yaml"))
    return {**clock.said(), "networks": len(files), "told": told.splitlines()[1:]}


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
    found: dict[str, Any] = json.loads(done.stdout)
    networks = found.pop("networks")
    return found | {"equal_costs": sum(map(equal, networks)), "compared": len(networks)}


def equal(network: dict[str, Any]) -> bool:
    """Whether a network that pycls kept costs here what pycls says that it costs.

    pycls counts the additions of the classifier's bias as well, one a class.
    """
    groups = {
        min(group, width)
        for group, width in zip(network["group_ws"], network["widths"], strict=True)
    }
    changes = {
        "depths": network["depths"],
        "widths": network["widths"],
        "block.spatial.groups": {"width": max(groups)},
    }
    costs = cost(load(load_space(SPACE).base_network(), changes), 32, num_classes=CLASSES)
    theirs = tuple(network[name] for name in ("params", "flops", "acts"))
    return (costs.params, costs.macs + CLASSES, costs.acts) == theirs


def ours(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Our process, several times, a seed each."""
    runs: list[dict[str, float]] = []
    for seed in range(options.repeats):
        out = folder / str(seed)
        words = ["sample", SPACE, "--num-classes", str(CLASSES), "-n", str(NETWORKS)]
        words += ["--seed", str(seed), "--out", str(out)]
        command = [sys.executable, "-m", "designspace", *words]
        with Clock() as clock:
            subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        runs.append(clock.said())
        if len(list(out.glob("*.yaml"))) != NETWORKS:
            raise SystemExit("ours wrote another number of networks")
    return {"runs": runs, "networks": NETWORKS} | {
        name: median(run[name] for run in runs) for name in runs[0]
    }


def counted() -> dict[str, int]:
    """How many networks our grid has, and how many of them are in the window."""
    found = load_space(SPACE).feasible(task=Task(32, 3, CLASSES))
    assert found.total is not None
    assert found.count is not None
    return {"networks": found.total, "feasible": found.count}


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
        "counted": counted(),
        **results,
        "environment": environment() | {"load": os.getloadavg()},
    }
    options.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
