"""Names of files in containers: which files are data, their order, and their form in messages."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from designspace.errors import InputError

SUFFIXES = (
    *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "tif", "tiff"),
    *("ppm", "pgm", "pbm", "pnm", "gif"),
)
"""Suffixes of image files, in every container."""
SYSTEM = frozenset(
    {"__macosx", "@eadir", "thumbs.db", "ehthumbs.db", "desktop.ini", "lost+found"}
    | {"$recycle.bin", "system volume information", "__pycache__"}
)
"""Names of entries that operating systems and tools leave behind, in lower case."""
_UNSEEN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that a terminal does not show or UTF-8 does not encode."""
_BIDIRECTIONAL = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Parts = tuple[str, ...]
NaturalKey = tuple[tuple[tuple[str, int, str], ...], str]


def parts_of(name: str) -> Parts:
    """Split a member's relative path into its parts, also if Windows wrote it with backslashes.

    Unicode is composed (NFC), so that a name from macOS equals the same name from elsewhere.
    """
    if "/" not in name:
        name = name.replace("\\", "/")
    parts = composed(name).split("/")
    return tuple(sys.intern(part) for part in parts if part not in ("", "."))


def composed(name: str) -> str:
    """Return the name in Unicode's composed form, NFC."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def is_hidden(parts: Parts) -> bool:
    """Return whether a path is, or is inside, a hidden entry (`.x`) or a system's entry."""
    return any(part.startswith(".") or part.lower() in SYSTEM for part in parts)


def hidden_entry(parts: Parts) -> str:
    """Return the outermost hidden entry of a path for which `is_hidden` is true."""
    first = next(n for n in range(1, len(parts) + 1) if is_hidden(parts[:n]))
    return "/".join(parts[:first])


def suffix_of(name: str) -> str:
    """Return the suffix without its dot, in lower case; empty if there is none."""
    return PurePosixPath(name).suffix.lower().lstrip(".")


def is_image(name: str) -> bool:
    """Return whether a file is an image, by its suffix."""
    return suffix_of(name) in SUFFIXES


def natural_key(text: str) -> NaturalKey:
    """Return a key that sorts `cat2` before `cat10`, and ignores case, as timm does."""
    pieces: list[tuple[str, int, str]] = []
    parts = re.split(r"([0-9]+)", text.lower())
    for words, digits in zip(parts[::2], [*parts[1::2], ""], strict=True):
        value = digits.lstrip("0")
        # Compare by length and then as text: Python refuses to convert thousands of digits.
        pieces.append((words, len(value) if digits else -1, value))
    return tuple(pieces), text


def shown(name: str) -> str:
    """Return a name for messages and JSON: one line of valid UTF-8, with escapes for the rest."""
    if name.isascii() and name.isprintable():
        return name
    return "".join(char if _is_seen(char) else _escaped(char) for char in name)


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in _UNSEEN and char not in _BIDIRECTIONAL


def _escaped(char: str) -> str:
    byte = ord(char) - 0xDC00
    if 0x80 <= byte <= 0xFF:
        return f"\\x{byte:02x}"  # a byte of the file system that is not UTF-8
    return char.encode("unicode_escape", "backslashreplace").decode()


def refused(message: str, file: str | Path, hint: str | None = None) -> InputError:
    """Return an error about a container or one of its members."""
    return InputError(message, file=shown(str(file)), hint=hint)


def counted(names: Iterable[str]) -> str:
    """Count the files of each suffix, as text: `.txt 3, .xml 1`."""
    counts = Counter(suffix_of(name) for name in names)
    pieces = [
        f"{'.' + shown(suffix) if suffix else 'no suffix'} {count}"
        for suffix, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    further = [f"and {len(pieces) - 8} further suffixes"] if len(pieces) > 8 else []
    return ", ".join([*pieces[:8], *further])


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return the first names in natural order, and the number of further names, as text."""
    ordered = [shown(name) for name in sorted(names, key=natural_key)]
    further = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + further


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 file`, `2 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
