"""Which split a file or a folder belongs to, by the words in its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from designspace.images.files.filenames import refused

Role = Literal["train", "val", "test"]
ROLES: tuple[Role, ...] = ("train", "val", "test")
WORDS: dict[str, Role] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}
"""Words for splits, in any case: those of Hugging Face's file names."""


def exact_role(name: str) -> Role | None:
    """The split that a whole name stands for: `Training`, but not `training_shoes`."""
    return WORDS.get(name.lower())


def roles_in(name: str) -> set[Role]:
    """The splits that whole words of a name stand for; words are letters between others."""
    words = re.findall(r"[^\W\d_]+", name.lower())
    return {WORDS[word] for word in words if word in WORDS}


def word_role(name: str) -> Role | None:
    """The split that a name says somewhere, where it says one only: `imagenet1k-train-0000`."""
    roles = roles_in(name)
    return roles.pop() if len(roles) == 1 else None


def file_role(parts: Sequence[str], file: str) -> Role | None:
    """The split of a file by its name, else by the nearest folder that says one.

    Args:
        parts: of its relative path, the file's name last.
        file: the same for people.

    Raises:
        InputError: the name says two of them.
    """
    for part in reversed(parts):
        exact = exact_role(part)
        roles: set[Role] = {exact} if exact else roles_in(part)
        if len(roles) > 1:
            said = " and ".join(role for role in ROLES if role in roles)
            raise refused(f"the name says both {said}", file, "rename it after one split")
        if roles:
            return roles.pop()
    return None
