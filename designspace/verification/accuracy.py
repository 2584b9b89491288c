"""Measuring published accuracies again: published weights in the view they were published with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from designspace.compiler.arithmetic import arithmetic
from designspace.compiler.device import device_name, device_of
from designspace.evaluation import Chosen, Evaluation, Request, Settings, Subject, measure
from designspace.evaluation.imagenet import COUNT
from designspace.evaluation.images import images_for_others
from designspace.records.environment import environment
from designspace.records.measured.accuracy import (
    FULL,
    AccuracyRecord,
    AccuracyRow,
    ImagesFacts,
    Verdict,
)
from designspace.records.run import DeviceFacts, now
from designspace.spec.documents.published import Published
from designspace.verification.published_weights import Claim, find_claims
from designspace.weights import read_weights

TOLERANCE = 0.1
"""Largest difference in points between two evaluations that agree.

Results are printed to a tenth, and other versions of decoders and kernels change a few dozen of the
50,000 answers.
"""

OnRecord = Callable[[AccuracyRecord], None]


@dataclass(frozen=True)
class Check:
    """Networks, images and conditions of a verification.

    Attributes:
        names: Names of networks; empty for all networks whose published weights are available.
        data: Source of ImageNet's validation set, or of images of some of its classes.
        weights: Folder of weights files named by their networks; None for timm's weights.
        tolerance: Largest difference that counts as agreement, in points.
        device: Device to measure on: "cpu" or "cuda".
        skip_broken: Whether to leave out unreadable images.
        command: Command line, for the record.
    """

    names: Sequence[str]
    data: str
    weights: Path | None = None
    tolerance: float = TOLERANCE
    device: str = "cpu"
    skip_broken: bool = False
    command: Sequence[str] = ()


def verify_accuracy(check: Check, on_record: OnRecord | None = None) -> AccuracyRecord:
    """Measure published weights, and compare top-1 with the published results.

    Args:
        check: Networks, images and conditions.
        on_record: Called with the record so far, before the first row and after each row.

    Raises:
        InputError: A network, weights or images are missing, or do not fit each other.
    """
    claims, left_out = find_claims(check.names, check.weights)
    images = images_for_others(Request(source=check.data, skip_broken=check.skip_broken))
    record = _begun(check, images, left_out)
    if on_record:
        on_record(record)
    for claim in claims:
        row = _row(claim, images, check)
        record = record.model_copy(update={"rows": (*record.rows, row)})
        if on_record:
            on_record(record)
    return record


def _begun(check: Check, images: Chosen, left_out: tuple[str, ...]) -> AccuracyRecord:
    device = device_of(check.device)
    return AccuracyRecord(
        created=now(),
        command=tuple(check.command),
        device=DeviceFacts(
            kind=device.type, name=device_name(device), threads=torch.get_num_threads()
        ),
        environment=environment() | arithmetic(device),
        images=ImagesFacts(
            name=images.name,
            digest=images.digest,
            n=len(images.split),
            classes=len(images.classes),
            full=_is_full(images),
            skipped=images.skipped,
        ),
        tolerance=check.tolerance,
        left_out=left_out,
    )


def _is_full(images: Chosen) -> bool:
    """Return whether each of 1,000 classes has 50 images, as in ImageNet's validation set."""
    counts = torch.bincount(images.split.labels.cpu(), minlength=len(images.classes))
    return len(counts) == COUNT and bool((counts == FULL // COUNT).all())


def _row(claim: Claim, images: Chosen, check: Check) -> AccuracyRow:
    weights = read_weights(claim.weights)
    resolution = claim.rows[0].resolution
    subject = Subject(claim.name, claim.network, weights)
    settings = Settings(check.device, input_size=resolution, as_published=True)
    found = measure(subject, images, settings)
    nearest = min(claim.rows, key=lambda row: abs(_printed(row) - found.score.top1))
    difference = abs(found.score.top1 - _printed(nearest))
    full = _is_full(images) and found.score.n == FULL
    return AccuracyRow(
        network=claim.name,
        digest=claim.network.digest,
        weights=weights.name,
        loaded=str(found.loaded),
        license=found.loaded.license,
        resolution=resolution,
        view=_view(found),
        published=_printed(nearest),
        source=nearest.source,
        pretrain=nearest.pretrain,
        score=found.score,
        verdict=_verdict(difference, check.tolerance, full=full),
    )


def _verdict(difference: float, tolerance: float, *, full: bool) -> Verdict:
    close = difference <= tolerance or math.isclose(difference, tolerance)
    if not close:
        return "differs"
    return "reproduced" if full else "agrees"


def _printed(row: Published) -> float:
    assert row.top1 is not None, "only rows with an accuracy are claims"
    return row.top1


def _view(found: Evaluation) -> dict[str, Any]:
    view = found.view
    plain = {"size": view.size, "mean": view.mean, "std": view.std, **view.test.model_dump()}
    return plain | {"crop_mode": view.test.crop_mode}
