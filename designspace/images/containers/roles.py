"""The split of a file or folder, from the words in its name."""

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
"""Words for splits, as in Hugging Face's file names; upper and lower case are equal."""


def exact_role(name: str) -> Role | None:
    """Return the split that a whole name stands for: `Training`, but not `training_shoes`."""
    return WORDS.get(name.lower())


def roles_in(name: str) -> set[Role]:
    """Return the splits that words in a name stand for; a word is a run of letters."""
    words = re.findall(r"[^\W\d_]+", name.lower())
    return {WORDS[word] for word in words if word in WORDS}


def word_role(name: str) -> Role | None:
    """Return the split in a name such as `imagenet1k-train-0000`; None unless there is just one."""
    roles = roles_in(name)
    return roles.pop() if len(roles) == 1 else None


def file_role(parts: Sequence[str], file: str) -> Role | None:
    """Return the split of a file by its name, or else by the nearest folder that states one.

    Args:
        parts: Parts of the relative path; the file's name comes last.
        file: Path of the file, for errors.

    Raises:
        InputError: The name states two splits.
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
