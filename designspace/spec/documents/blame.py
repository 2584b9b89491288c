"""Find the change at fault when a value that nobody touched no longer fits.

A change can break a rule that also involves a value of the base: `epochs=1` is below the base's
`warmup_epochs`, or a new `kind` does not have the fields of the old one. Pydantic then complains
about the value in the base, a file that the user may never have opened. A document remembers its
state before each round of changes, so the round at fault is found by looking back: it is the
last round that made a valid document invalid.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from designspace.errors import InputError
from designspace.spec.documents.document import Change, Document, Keys


def blamed(
    model: type[BaseModel], document: Document, keys: Keys, error: InputError, unknown: bool
) -> InputError:
    """Return the error with the place of the change that caused it, or the error as it is.

    Args:
        model: Model that the document should fit.
        document: Document that does not fit it.
        keys: Keys of the value that the error is about.
        error: Error as pydantic reports it.
        unknown: Whether the key itself is unknown at that place.
    """
    origin = document.origin(keys)
    changed = document
    while changed.before is not None and not _valid(model, changed.before):
        changed = changed.before
    changes = changed.changes if changed.before is not None else ()
    switch = next((c for c in changes if unknown and c.keys == (*keys[:-1], "kind")), None)
    if switch is not None and not any(change.keys == keys for change in changes):
        return _switched(document, keys, switch)
    own = next((change for change in changes if _about(change.keys, keys)), None)
    if own is not None:
        at = own.origin
        return InputError(
            error.message, file=at.file, line=at.line, path=error.path, hint=error.hint
        )
    if not changes:
        return error
    file = changes[-1].origin.file
    where = f"{origin.file}:{origin.line}" if origin.line else origin.file or "the base"
    also = f"it is set in {where}: change it there as well"
    if _is_option(file):
        also = f"{also}, with {file} {error.path}=..."
    return InputError(
        f"with this, {error.path} no longer fits: {error.message}",
        file=file,
        line=changes[0].origin.line if len(changes) == 1 else None,
        path=", ".join(".".join(map(str, change.keys)) for change in changes),
        hint=also,
    )


def _switched(document: Document, keys: Keys, switch: Change) -> InputError:
    """Return the error for a new kind that does not have a field that the old kind left behind."""
    outer = ".".join(map(str, keys[:-1]))
    kind: Any = document.data
    for key in switch.keys:
        kind = kind[key]
    file = switch.origin.file
    whole = (
        f"{file} {outer}='{{kind: {kind}}}'" if _is_option(file) else f"{outer}: {{kind: {kind}}}"
    )
    return InputError(
        f"kind '{kind}' has no '{keys[-1]}', which is left over from the old kind",
        file=file,
        line=switch.origin.line,
        path=".".join(map(str, switch.keys)),
        hint=f"replace the whole mapping: {whole}",
    )


def _about(changed: Keys, keys: Keys) -> bool:
    """Return whether one of two places is inside the other."""
    shorter = min(len(changed), len(keys))
    return changed[:shorter] == keys[:shorter]


def _is_option(file: str | None) -> bool:
    return file is not None and file.startswith("--")


def _valid(model: type[BaseModel], document: Document) -> bool:
    try:
        model.model_validate(document.data)
    except ValidationError:
        return False
    return True
