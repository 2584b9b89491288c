"""Digests of tensors and plain data, so the reader of a file notices every change.

A file system, a cable or a copy can change a byte, and most formats do not notice it: a flipped
byte in the middle of a tensor is another number. A digest over all of the content detects this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor

from designspace.errors import InputError

CONTENT = "content"
"""Name of the fact that holds the digest of a file's tensors and of its other facts."""
_VALUES = "values"  # digest of the tensors alone, in trials of earlier versions


def values_digest(tensors: Mapping[str, Tensor]) -> str:
    """Return the identity of weights: 16 hex digits from names, shapes, types and values."""
    digest = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(_raw(value))
    return digest.hexdigest()[:16]


def content_digest(content: Any) -> str:
    """Return the digest of nested mappings, sequences, tensors and plain values, 64 hex digits.

    Names, types, shapes, every byte and the order of lists count; the order of mappings does not.
    """
    digest = hashlib.sha256()
    _feed(digest, content)
    return digest.hexdigest()


def facts_digest(facts: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """Return the digest of a weights file, over its tensors and its facts."""
    own = {name: value for name, value in facts.items() if name != CONTENT}
    return content_digest([json.loads(json.dumps(own)), tensors])


def require_intact(facts: Mapping[str, Any], tensors: Mapping[str, Tensor], file: str) -> None:
    """Refuse a weights file with content that differs from the digest that was written with it.

    A file without a digest, from elsewhere or from an earlier version, is accepted.

    Raises:
        InputError: The file was changed or damaged.
    """
    whole = CONTENT not in facts or facts[CONTENT] == facts_digest(facts, tensors)
    if whole and facts.get(_VALUES, "") in ("", values_digest(tensors)):
        return
    raise InputError(
        "the file is damaged: its content differs from the digest that was written with it",
        file=file,
        hint="restore it from a copy, or train it again",
    )


def _feed(digest: Any, content: Any) -> None:
    """Add a value after its type and length, so no two contents give the same bytes."""
    if isinstance(content, Tensor):
        digest.update(f"tensor {content.dtype} {tuple(content.shape)}:".encode())
        digest.update(_raw(content))
    elif isinstance(content, Mapping):
        items = cast("Mapping[Any, Any]", content)
        digest.update(f"mapping {len(items)}:".encode())
        for key in sorted(items, key=repr):
            _feed(digest, key)
            _feed(digest, items[key])
    elif isinstance(content, (list, tuple)):
        values = cast("list[Any]", content)
        digest.update(f"{type(values).__name__} {len(values)}:".encode())
        for value in values:
            _feed(digest, value)
    else:
        text = repr(content).encode()
        digest.update(f"{type(content).__name__} {len(text)}:".encode() + text)


def _raw(value: Tensor) -> memoryview:
    """Return the bytes of a tensor, without a copy if it is contiguous on the CPU."""
    plain = value.detach().cpu().contiguous()
    raw: Any = plain.view(-1).view(torch.uint8).numpy()
    return memoryview(raw)
