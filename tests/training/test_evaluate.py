"""A measurement waits for a GPU once, not once per batch."""

from __future__ import annotations

import torch
from torch import nn

from designspace.training.evaluate import evaluate
from tests.training.test_average import Counted


def test_a_measurement_reads_and_copies_once() -> None:
    model = nn.Linear(4, 7)
    batches = [(torch.randn(3, 4), torch.tensor([0, 1, 2])) for _ in range(5)]
    with Counted() as counted:
        score = evaluate(model, batches)
    assert score.n == 15
    assert score.top5 is not None
    assert counted.calls["lift_fresh"] == 1  # the counts; two per batch before
    assert counted.calls["_local_scalar_dense"] <= 5
