"""Records of accuracy: published and measured, an `AccuracyRow` per network and result."""

from __future__ import annotations

from typing import Any, Literal

from designspace.records.record_model import RecordModel
from designspace.records.run import DeviceFacts
from designspace.records.training import Score

Verdict = Literal["reproduced", "agrees", "differs"]
FULL = 50_000
"""Number of images in ImageNet's validation set."""


class ImagesFacts(RecordModel):
    """The images of a measurement.

    Attributes:
        name: Name for people.
        digest: Identity of names, sizes and labels.
        n: Number of images.
        classes: Number of classes.
        full: Whether this is ImageNet's whole validation set, judged by the images per class.
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
        network: Name of the network.
        digest: Identity of its architecture.
        weights: Source of the weights.
        loaded: Description of the loaded weights, with the license if it is known.
        license: License of the weights; None if their source does not name it.
        resolution: Side of the input in pixels.
        view: Preprocessing that turns an image into the input.
        published: Published top-1 in percent; the nearest one if several results may be of these
            weights.
        source: Source of the published result.
        pretrain: Data that the weights were pretrained on.
        score: Measured score.
        verdict: `reproduced` for the whole validation set within the tolerance, `agrees` for other
            images within it, `differs` outside it.
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
        """Measured minus published top-1, in percentage points."""
        return self.score.top1 - self.published


class AccuracyRecord(RecordModel):
    """All rows that one command measured; complete after its last row.

    Attributes:
        created: Time of the start, ISO 8601 in UTC.
        command: Command line or call.
        device: Device that it ran on.
        environment: Versions and machine.
        images: Images that were measured on.
        tolerance: Largest difference that counts as agreement, in percentage points.
        rows: One row per network and set of weights.
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
        """Whether all rows agree with the published results."""
        return all(row.verdict != "differs" for row in self.rows)
