"""Which change is at fault when a value that nobody touched no longer fits.

A change can break a rule whose other half stands in the base: `epochs=1` below the base's
`warmup_epochs`, or another `kind` over fields of the old one. Pydantic then complains of the value
in the base, a file that the user may never have opened. A document remembers what it was before
each round of changes, so the round at fault is found by looking back: it is the first one after
which the document is no longer valid.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from designspace.errors import InputError
from designspace.spec.documents.document import Change, Document, Keys


def blamed(
    model: type[BaseModel], document: Document, keys: Keys, error: InputError, unknown: bool
) -> InputError:
    """The error said of the change that caused it; the error itself where its own place is right.

    Args:
        model: What the document should be.
        document: What is wrong as a whole.
        keys: The value that the error is about.
        error: What is wrong with it.
        unknown: Whether the key itself is unknown there.
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
    also = f"it stands in {where}: change it as well"
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
    """Another kind was set over the fields of the old one."""
    outer = ".".join(map(str, keys[:-1]))
    kind: Any = document.data
    for key in switch.keys:
        kind = kind[key]
    file = switch.origin.file
    whole = (
        f"{file} {outer}='{{kind: {kind}}}'" if _is_option(file) else f"{outer}: {{kind: {kind}}}"
    )
    return InputError(
        f"kind '{kind}' has no '{keys[-1]}', which the old kind leaves there",
        file=file,
        line=switch.origin.line,
        path=".".join(map(str, switch.keys)),
        hint=f"replace the whole mapping: {whole}",
    )


def _about(changed: Keys, keys: Keys) -> bool:
    """Whether one of two places is inside the other."""
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
