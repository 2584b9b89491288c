"""Published accuracies beside measured ones: an `AccuracyRow` per network and published result."""

from __future__ import annotations

from typing import Any, Literal

from designspace.records.record_model import RecordModel
from designspace.records.run import DeviceFacts
from designspace.records.training import Score

Verdict = Literal["reproduced", "agrees", "differs"]
FULL = 50_000
"""Images of ImageNet's validation set."""


class ImagesFacts(RecordModel):
    """The images.

    Attributes:
        name: For people.
        digest: Identity of names, sizes and labels.
        n: Number of images.
        classes: Number of classes.
        full: Whether it is ImageNet's whole validation set, by the number of images in each class.
        skipped: Number of unreadable images that were left out.
    """

    name: str
    digest: str
    n: int
    classes: int
    full: bool
    skipped: int = 0


class AccuracyRow(RecordModel):
    """One network with one set of weights.

    Attributes:
        network: Its name.
        digest: Identity of its architecture.
        weights: Where they are from.
        loaded: What was loaded, in words, the license included where it is known.
        license: License of the weights; None where their source does not name it.
        resolution: Side of the input in pixels.
        view: How an image becomes the input.
        published: Top-1 as printed, in percent; of several results that these weights may have
            given, the nearest.
        source: Where it is printed.
        pretrain: What the weights were trained on before.
        score: What was measured.
        verdict: `reproduced` on the whole validation set within the tolerance, `agrees` within it
            on other images, `differs` outside it.
    """

    network: str
    digest: str
    weights: str
    loaded: str
    license: str | None = None
    resolution: int
    view: dict[str, Any]
    published: float
    source: str
    pretrain: str
    score: Score
    verdict: Verdict

    @property
    def difference(self) -> float:
        """Measured minus published, in points."""
        return self.score.top1 - self.published


class AccuracyRecord(RecordModel):
    """What one command measured, complete after its last row.

    Attributes:
        created: ISO 8601 in UTC.
        command: What was called.
        device: Where it ran.
        environment: Versions and machine.
        images: What was measured on.
        tolerance: Largest difference in points that counts as agreement.
        rows: One for each network and set of weights.
        left_out: Networks or results that could not be measured, with the reason.
    """

    format: Literal[1] = 1
    created: str
    command: tuple[str, ...]
    device: DeviceFacts
    environment: dict[str, Any]
    images: ImagesFacts
    tolerance: float
    rows: tuple[AccuracyRow, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all rows agree with what is published."""
        return all(row.verdict != "differs" for row in self.rows)
