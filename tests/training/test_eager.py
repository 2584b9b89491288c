"""A training pays neither for torch's compiler nor for timm; its steps are torch's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

from designspace.training.optimisation.eager import EagerAdamW, EagerSgd

RECIPES: dict[str, dict[str, Any]] = {
    "demo": {},
    "sgd": {
        "optimizer": {"kind": "sgd", "lr": 0.1, "reference_batch": 16, "weight_decay": 1e-4},
        "schedule": {"kind": "steps", "milestones": [1]},
    },
    "augmented": {
        "rand_augment": "rand-m9-mstd0.5-inc1", "random_erasing": 0.25, "drop_path_rate": 0.1,
    },
    "decayed": {
        "optimizer.layer_decay": {"rate": 0.7, "blocks": 1}, "precision": "bfloat16",
    },
}  # fmt: skip
PROGRAM = """
import json, sys
from pathlib import Path
from tests.helpers import trainings
data = trainings.tiny_data(Path(sys.argv[1]))
for name, recipe in json.loads(sys.argv[2]).items():
    for epochs in (1, 2):
        run = trainings.tiny_run(data, Path(sys.argv[1]) / name, recipe)
        assert run.resume() == epochs - 1
        run.train_epoch()
    run.test()
heavy = ["timm", "torchvision", "torch._dynamo", "sympy", "ray", "optuna", "pandas"]
print(json.dumps([name for name in heavy if name in sys.modules]))
"""


def steps(kind: type[Optimizer], **settings: Any) -> tuple[list[Tensor], dict[str, Any]]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.GELU(), nn.Linear(7, 3))
    decayed, spared = [list(each) for each in (model[0].parameters(), model[2].parameters())]
    groups = [{"params": spared, "weight_decay": 0.0}, {"params": decayed, "lr": 0.02}]
    optimizer: Any = kind(groups, lr=0.1, **settings)  # type: ignore[call-arg]
    for count in range(6):
        optimizer.zero_grad(set_to_none=True)
        model(torch.randn(4, 5)).square().mean().backward()
        optimizer.step()
        if count == 2:
            saved = optimizer.state_dict()
            optimizer = kind(groups, lr=0.5, **settings)  # type: ignore[call-arg]
            optimizer.load_state_dict(saved)
    return [p.detach() for p in model.parameters()], optimizer.state_dict()


@pytest.mark.parametrize(
    ("ours", "torchs", "settings"),
    [
        (EagerAdamW, AdamW, {"weight_decay": 0.1, "fused": True}),
        (EagerAdamW, AdamW, {"betas": (0.8, 0.9), "eps": 1e-6, "foreach": True}),
        (EagerSgd, SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "fused": True}),
        (EagerSgd, SGD, {"momentum": 0.9, "fused": True}),
        (EagerSgd, SGD, {}),
    ],
)
def test_steps_and_states_are_torchs(ours: Any, torchs: Any, settings: dict[str, Any]) -> None:
    (mine, state), (theirs, other) = steps(ours, **settings), steps(torchs, **settings)
    assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))
    torch.testing.assert_close(state, other, rtol=0, atol=0)


def test_a_step_records_no_gradient() -> None:
    parameter = nn.Parameter(torch.ones(3))
    optimizer = EagerAdamW([parameter], lr=0.1)
    parameter.sum().backward()
    optimizer.step()
    assert torch.is_grad_enabled()
    assert parameter.is_leaf


def test_a_training_imports_neither_compiler_nor_timm(tmp_path: Path) -> None:
    """Both take longer to import than torch itself, in each worker of a search."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), json.dumps(RECIPES)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1]) == []
