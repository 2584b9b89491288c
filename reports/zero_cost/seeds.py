"""Trains some of the study's networks again from other seeds, to know the noise of their top-1.

`python reports/zero_cost/seeds.py runs/scores` writes `seeds.csv` beside this file, a row a
training, after each of them; the same command goes on. Only the validation split is looked at.
"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch  # noqa: TID253

from designspace.images.data import Data, load_data
from designspace.records.study.study import StudyMeta, load_study
from designspace.spec.documents.document import write_text_atomic
from designspace.spec.network.load import load
from designspace.training.run import Run

HERE = Path(__file__).parent
TABLE = HERE / "seeds.csv"
NETWORKS = 12
SEEDS = (1, 2)  # the study's own is 0


def trained(meta: StudyMeta, changes: dict[str, object], seed: int, data: Data) -> float:
    """Validation top-1 in percent after the recipe's last epoch, by the trainer of the study."""
    recipe = meta.recipe.load()
    with TemporaryDirectory() as directory:
        run = Run(
            load(meta.space.base, changes),
            recipe,
            data,
            seed=seed,
            device="cpu",
            directory=Path(directory),
        )
        while run.epoch < run.epochs:
            run.train_epoch()
        return run.history[-1].top1


def main(directory: Path) -> None:
    """Train what is not in the table yet."""
    torch.set_num_threads(1)
    study = load_study(directory)
    data = load_data(**study.meta.data.load)
    done = list(csv.reader(TABLE.read_text().splitlines()))[1:] if TABLE.exists() else []
    for number in range(NETWORKS):
        for seed in SEEDS:
            if any(row[:2] == [str(number), str(seed)] for row in done):
                continue
            trial = study.state.trials[number]
            top1 = trained(study.meta, trial.changes, seed, data)
            done.append([str(number), str(seed), str(top1)])
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerows([["trial", "seed", "top1"], *done])
            write_text_atomic(TABLE, out.getvalue())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
