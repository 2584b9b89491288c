"""The plug-ins that data need: the key `plugins:`, which is compared with the loaded ones.

The key holds hashes by names, as in `plugins: {focal.py: 3fa9...}`; null means any hash. Saved
networks contain the hash of every plug-in that they use. Data never name a file to run: a missing
plug-in is loaded only from the user's list of trusted files, by its hash, or from an installed
package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError
from designspace.plugins.advice import how_to_add
from designspace.plugins.installed import load_installed
from designspace.plugins.loading import active, use_plugin
from designspace.plugins.trusted import trusted_file, trusted_list

KEY = "plugins"
_NAME = re.compile(r"[\w.+-]{1,128}")
_HASH = re.compile(r"[0-9a-f]{64}")
_SHOWN = 12  # digits of a hash


def require(needed: object, file: str | None = None, line: int | None = None) -> None:
    """Make sure that the plug-ins that data name are loaded.

    Args:
        needed: Value of the key `plugins:`: a hash or null by name.
        file: File that contains it.
        line: Line in that file.

    Raises:
        InputError: A plug-in is missing or has another hash, or the value is not such a mapping.
            The error says what to add.
    """
    for name, sha256 in _checked(needed, file, line).items():
        if not _is_there(name, sha256):
            raise _missing(name, sha256, file, line)


def _checked(needed: object, file: str | None, line: int | None) -> Mapping[str, str | None]:
    if not isinstance(needed, dict):
        raise InputError(
            "expected names of plug-ins with their SHA-256 hashes",
            file=file, line=line, path=KEY, hint="such as `plugins: {my_mixers.py: null}`",
        )  # fmt: skip
    for name, sha256 in cast("dict[Any, Any]", needed).items():
        named = isinstance(name, str) and _NAME.fullmatch(name)
        hashed = sha256 is None or (isinstance(sha256, str) and _HASH.fullmatch(sha256))
        if not named or not hashed:
            said = "a hash of 64 hexadecimal digits, or null" if named else "a file name"
            got = f"{sha256 if named else name!r}"[:80]
            raise InputError(f"expected {said} (got {got})", file=file, line=line, path=KEY)
    return cast("dict[str, str | None]", needed)


def _is_there(name: str, sha256: str | None) -> bool:
    if _is_loaded(name, sha256):
        return True
    trusted = trusted_file(sha256) if sha256 else None
    if trusted is not None:
        use_plugin(trusted)
    else:
        load_installed()
    return _is_loaded(name, sha256)


def _is_loaded(name: str, sha256: str | None) -> bool:
    loaded = active().values()
    return any(one.name == name if sha256 is None else one.sha256 == sha256 for one in loaded)


def _missing(name: str, sha256: str | None, file: str | None, line: int | None) -> InputError:
    other = next((one for one in active().values() if one.name == name), None)
    if other is not None:
        return InputError(
            f"needs the plug-in {name} with sha256 {(sha256 or '')[:_SHOWN]}..., but the one given "
            f"has {other.sha256[:_SHOWN]}...",
            file=file, line=line, path=KEY,
            hint=f"pass the version that was used; {_place_of_hash(file)}",
        )  # fmt: skip
    shown = f" (sha256 {sha256[:_SHOWN]}...)" if sha256 else ""
    return InputError(
        f"needs the plug-in {name}{shown}; files do not load code by themselves",
        file=file, line=line, path=KEY,
        hint=f"{how_to_add(name)}, with a file that you trust, or add its path to "
        f"{trusted_list()}",
    )  # fmt: skip


def _place_of_hash(file: str | None) -> str:
    """Say where the hash of a plug-in is written, and whether the user may change it there."""
    if file is None:
        return f"its hash is under `{KEY}:` in the specification, where you can change it"
    written = Path(file).suffix in (".yaml", ".yml") and Path(file).name != "study.yaml"
    return f"its hash is recorded in {file}" + (", where you can change it" if written else "")
