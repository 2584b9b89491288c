"""Labels in the forms that shards and lists of classes use."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from designspace.images.containers.listing import Label
from designspace.images.files.filenames import composed, refused, shown

LABELS = ("cls", "json")
CLASSES = "classes.txt"
MOST_LABEL = 1 << 20
"""Maximal size of a file with a label [bytes]."""
_MOST_NAME = 255


def parsed(kind: str, content: bytes, where: str) -> Label:
    """Parse the number or class name in a file `key.cls` or `key.json`.

    Args:
        kind: Suffix of the file: "cls" or "json".
        content: Bytes of the file.
        where: Location of the file, for errors.

    Raises:
        InputError: The file holds something else.
    """
    try:
        text = content.decode("utf-8-sig").strip()
        value: object = text
        if kind == "json":
            value = cast("Mapping[str, Any]", json.loads(text))["label"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        said = "no 'label'" if isinstance(error, KeyError) else str(error)
        raise refused(f"unreadable label ({shown(said)})", where) from error
    return label_of(value, where)


def label_of(value: object, where: str) -> Label:
    """Convert a value to a label: a whole number or one line of text.

    Booleans become the classes `false` and `true`, as in a text file. Text that is a number without
    leading zeros becomes a number.

    Args:
        value: Value of the label.
        where: Location of the value, for errors.

    Raises:
        InputError: The value is something else, such as a list of labels.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) < 10**18:
        return value
    if not isinstance(value, str):
        kind = {"list": "a list", "dict": "a mapping", "float": "a fraction", "bytes": "bytes",
                "int": "a number of that size"}  # fmt: skip
        said = kind.get(type(value).__name__, type(value).__name__)
        raise refused(
            f"a label is a whole number or a name, not {said} (got {_short(value)})", where
        )
    if not value or len(value) > _MOST_NAME or value.splitlines() != [value]:
        said = f"{len(value):,} characters" if len(value) > _MOST_NAME else _short(value)
        raise refused(f"a label is a whole number or one line of text (got {said})", where)
    return int(value) if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", value) else composed(value)


def _short(value: object) -> str:
    # Python refuses to convert a number of thousands of digits to text.
    text = repr(value) if not isinstance(value, int) else f"about 2^{value.bit_length()}"
    return shown(text if len(text) <= 60 else f"{text[:57]}...")


def class_list(folders: Sequence[Path]) -> list[str] | None:
    """Read the names of the classes from the first `classes.txt` in these folders.

    Returns:
        The names in their order; None if no folder has the file.

    Raises:
        InputError: The file is not UTF-8 text, or is empty.
    """
    path = next((folder / CLASSES for folder in folders if (folder / CLASSES).is_file()), None)
    if path is None:
        return None
    try:
        lines = [composed(line.strip()) for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise refused(f"not a readable list of classes ({error})", path) from error
    names = [line for line in lines if line]
    if not names:
        raise refused("names no class", path)
    return names
