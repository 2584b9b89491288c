"""The two formats: each writes an exported program and runs its file again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from torch.export import ExportedProgram

Facts = Mapping[str, Any]
Runner = Callable[[Tensor], list[Tensor]]
INPUT = "image"
FACTS = "designspace"
_ONE_FILE = 1_500_000_000  # bytes; an ONNX file must be smaller than 2 GiB


@dataclass(frozen=True, slots=True)
class Format:
    """A file format that other runtimes load.

    Attributes:
        write: Function that writes a program to a path, with the names of its outputs, and facts as
            metadata.
        load: Function that reads the file and returns a function of a batch of images.
    """

    write: Callable[[ExportedProgram, Path, Sequence[str], Facts], None]
    load: Callable[[Path], Runner]


def _write_pt2(program: ExportedProgram, path: Path, outputs: Sequence[str], facts: Facts) -> None:  # noqa: ARG001
    torch.export.save(program, path, extra_files={f"{FACTS}.json": json.dumps(facts)})


def _load_pt2(path: Path) -> Runner:
    module = torch.export.load(path).module()

    def run(x: Tensor) -> list[Tensor]:
        with torch.inference_mode():
            return as_list(module(x))

    return run


def _write_onnx(program: ExportedProgram, path: Path, outputs: Sequence[str], facts: Facts) -> None:
    names = {
        "input_names": [INPUT],
        "output_names": list(outputs),
        "dynamic_shapes": ({0: "batch"},),
    }
    written = cast("Any", torch.onnx).export(program, dynamo=True, verbose=False, **names)
    written.model.metadata_props[FACTS] = json.dumps(facts)
    size = sum(tensor.nbytes for tensor in program.state_dict.values())
    written.save(path, external_data=size > _ONE_FILE)


def _load_onnx(path: Path) -> Runner:
    import onnxruntime

    runtime = cast("Any", onnxruntime)
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors only
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(x: Tensor) -> list[Tensor]:
        outputs: list[Any] = session.run(None, {INPUT: x.numpy()})
        return [torch.from_numpy(output) for output in outputs]

    return run


def as_list(outputs: Tensor | Sequence[Tensor]) -> list[Tensor]:
    """Return a module's output or outputs as a list."""
    return [outputs] if isinstance(outputs, Tensor) else list(outputs)


FORMATS: Mapping[str, Format] = {
    "onnx": Format(_write_onnx, _load_onnx),
    "pt2": Format(_write_pt2, _load_pt2),
}
"""Formats by the suffix of their files."""
