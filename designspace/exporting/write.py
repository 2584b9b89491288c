"""Export a network: trace it, write a temporary file, compare its outputs, move it into place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.export import Dim, ExportedProgram
from torch.nn.attention import SDPBackend, sdpa_kernel

from designspace.errors import DesignspaceError, InputError, did_you_mean
from designspace.exporting.formats import FORMATS, Runner, as_list
from designspace.exporting.quiet import quiet
from designspace.exporting.ready import ready
from designspace.extras import EXTRAS, require_extra
from designspace.spec.documents.document import written_to

TOLERANCE = 1e-4  # relative to the largest output; float32 differs by about 1e-6 between runtimes
_BATCHES = (1, 3)


@dataclass(frozen=True, slots=True)
class Exported:
    """The report of an export.

    Attributes:
        path: Path of the file.
        format: Name of the format, `onnx` or `pt2`.
        difference: Largest difference between an output of the file and of the module.
        largest: Largest absolute output, to judge the difference by.
    """

    path: Path
    format: str
    difference: float
    largest: float


def export(
    model: nn.Module | str | Path,
    size: tuple[int, int, int] | None = None,
    path: Path | str | None = None,
    *,
    format: str | None = None,  # noqa: A002
    facts: Mapping[str, Any] | None = None,
) -> Exported:
    """Write a network for other runtimes, for a fixed image size and any batch size.

    Args:
        model: Any name of a network (see `designspace.load`), which is built with its trained
            weights; or a module on images, on the CPU and in evaluation mode.
        size: Channels, height and width of the image in pixels (default for a name: as it was
            trained).
        path: File, written whole or not at all (default for a name: such as `demo-5.onnx` for
            `runs/demo:5`). Weights over 1.5 GB go into a second file beside an ONNX file, with
            `.data` after its name.
        format: Name of the format, `onnx` or `pt2` (default: the suffix of the file's name).
        facts: Plain data to keep in the file.

    Raises:
        InputError: There is no such format, a package that it needs is missing, a module has no
            size or path or is in training mode, or the file cannot be written.
        DesignspaceError: The outputs of the file differ from the module's; nothing was written.
    """
    if not isinstance(model, nn.Module):
        return _export_named(model, size, path, format)
    if size is None or path is None:
        raise InputError("a module needs a size and a path", path="export")
    path = Path(path)
    name = _format(format, path)
    if model.training:
        raise InputError("the model is in training mode", hint="call model.eval() first")
    target = written_to(path)
    with quiet(), _plain_attention():
        program = _program(model, size)
    with _aside(target) as aside:
        with quiet(), _plain_attention():
            FORMATS[name].write(program, aside, _output_names(program), facts or {})
        with quiet():
            difference, largest = _compare(model, FORMATS[name].load(aside), size)
        if not difference <= TOLERANCE * largest:
            raise DesignspaceError(
                f"{path}: not written, because its outputs differ by {difference:.2e} "
                f"from the model's, the largest of which is {largest:.2e}"
            )
        _put(aside, target)
    return Exported(path, name, difference, largest)


def _format(asked: str | None, path: Path | str | None) -> str:
    """Return the name of a format that this machine can write."""
    name = asked or (Path(path).suffix[1:] if path else "")
    if name not in FORMATS:
        raise InputError(f"no format '{name}'", path="export", hint=did_you_mean(name, FORMATS))
    if name in EXTRAS:
        require_extra(name, f"the format {name}")
    return name


def _export_named(
    name: str | Path,
    size: tuple[int, int, int] | None,
    path: Path | str | None,
    target: str | None,
) -> Exported:
    _format(target, path)
    channels, side = (size[0], size[1]) if size else (None, None)
    found = ready(name, in_channels=channels, input_size=side)
    file = path or found.named.file_name + (f".{target}" if target else "")
    return export(found.model, found.shape, file, format=target, facts=found.about)


@contextmanager
def _aside(path: Path) -> Generator[Path]:
    """Yield a path in a temporary folder on the same disk, so that moving the file is atomic."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            yield Path(folder) / path.name
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(path)) from None


def _put(aside: Path, path: Path) -> None:
    """Move the file into place, after the file of its weights if there is one."""
    for file in sorted(aside.parent.iterdir(), key=lambda file: file.name == path.name):
        with file.open("rb") as written:
            os.fsync(written.fileno())
        file.replace(path.with_name(file.name))


@contextmanager
def _plain_attention() -> Generator[None]:
    """Use one attention kernel in all passes, because the layout of its output depends on it."""
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        yield


def _program(model: nn.Module, size: tuple[int, int, int]) -> ExportedProgram:
    images = torch.zeros(2, *size)
    return torch.export.export(model, (images,), dynamic_shapes=({0: Dim("batch", min=1)},))


def _output_names(program: ExportedProgram) -> list[str]:
    """Return `logits` for one output, or `map0` and up for several."""
    count = len(program.graph_signature.user_outputs)
    return ["logits"] if count == 1 else [f"map{index}" for index in range(count)]


def _compare(model: nn.Module, run: Runner, size: tuple[int, int, int]) -> tuple[float, float]:
    """Return the largest difference and the largest output over batches of several sizes."""
    draw = torch.Generator().manual_seed(0)
    difference = largest = 0.0
    for batch in _BATCHES:
        images = torch.randn(batch, *size, generator=draw)
        with torch.inference_mode():
            ours = as_list(model(images))
        for own, other in zip(ours, run(images), strict=True):
            difference = max(difference, (own - other).abs().max().item())
            largest = max(largest, own.abs().max().item())
    return difference, largest
