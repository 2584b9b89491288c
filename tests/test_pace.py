"""The loops wait for a GPU seldom, and never run far ahead of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from designspace.train.evaluate import evaluate
from designspace.train.pace import QUEUED, paced
from tests.test_average import Counted


class Event:
    """A GPU's event: which one was waited for."""

    made = 0
    waited: list[int] = []  # noqa: RUF012

    def __init__(self, **_: Any) -> None:
        Event.made += 1
        self.number = Event.made

    def record(self, stream: Any) -> None: ...

    def synchronize(self) -> None:
        Event.waited.append(self.number)


def test_the_host_stays_two_batches_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: None)
    batch = torch.zeros(1), torch.zeros(1)
    for done, _ in enumerate(paced(iter([batch] * 6), torch.device("cuda"))):
        assert Event.made == done
        assert Event.waited == list(range(1, done - QUEUED + 1))


def test_a_measurement_reads_and_copies_once() -> None:
    model = nn.Linear(4, 7)
    batches = [(torch.randn(3, 4), torch.tensor([0, 1, 2])) for _ in range(5)]
    with Counted() as counted:
        score = evaluate(model, batches)
    assert score.n == 15
    assert score.top5 is not None
    assert counted.calls["lift_fresh"] == 1  # the counts; two per batch before
    assert counted.calls["_local_scalar_dense"] <= 5
