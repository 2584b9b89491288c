"""Validation: pydantic's errors as one message with the place, the problem and a valid choice."""

from __future__ import annotations

import difflib
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from designspace.errors import InputError, did_you_mean
from designspace.layers.kind import Kind
from designspace.plugins.advice import how_to_add
from designspace.plugins.installed import load_installed
from designspace.spec.documents.blame import blamed
from designspace.spec.documents.document import Document, Keys
from designspace.spec.documents.per_stage import KEY, is_per_stage

M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], document: Document) -> M:
    """Validate a document as a model.

    Raises:
        InputError: The document is wrong; the error has the file, line and path of the cause.
    """
    data: object = document.data
    if not isinstance(data, dict):
        origin = document.origin(())
        got = "nothing" if data is None else f"a {type(data).__name__}"
        raise InputError(f"a mapping was expected, not {got}", file=origin.file, line=origin.line)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        worst = _worst(error)
    # Kinds of installed packages are loaded only if a kind is unknown.
    if worst["type"] == "union_tag_invalid" and load_installed():
        try:
            return model.model_validate(document.data)
        except ValidationError as error:
            worst = _worst(error)
    raise _explain(model, document, worst)


def _worst(error: ValidationError) -> ErrorDetails:
    """Return the error that best explains the others.

    A misspelt key explains a missing one, so it comes first. Every member of a union complains;
    the member that the user meant complains about a value, not about a type.
    """
    return min(error.errors(), key=_rank)


def _rank(details: ErrorDetails) -> int:
    kind = details["type"]
    if kind in ("extra_forbidden", "union_tag_invalid"):
        return ("extra_forbidden", "union_tag_invalid").index(kind)
    if kind == "literal_error":
        return 2 if isinstance(details["input"], str) else 4
    if kind.endswith("_type"):
        return 4
    return 5 if kind == "missing" else 3


def _explain(model: type[BaseModel], document: Document, details: ErrorDetails) -> InputError:
    keys, owner = _authored(model, document.data, details)
    if details["type"] == "at_path":  # a rule over several fields that names the one at fault
        path: str | tuple[str, ...] = details.get("ctx", {})["path"]
        keys = (*keys, *([path] if isinstance(path, str) else path))
    tagged = details["type"] == "union_tag_invalid"
    origin = document.origin((*keys, "kind") if tagged else keys)
    message, hint = _words(details, keys, owner)
    where = ".".join(str(key) for key in keys) or None
    error = InputError(message, file=origin.file, line=origin.line, path=where, hint=hint)
    unknown = details["type"] == "extra_forbidden"
    return blamed(model, document, keys, error, unknown)


_TYPO = 0.75  # similarity above which a word is a misspelt kind and not one of a plug-in
_PLAIN = {
    "missing": "a required key is missing",
    "too_short": "at least one is needed",
    "tuple_type": "a list was expected",
    "model_type": "a mapping was expected",
    "dict_type": "a mapping was expected",
    "model_attributes_type": "a mapping was expected",
    "invalid_key": "a key must be a word: put it in quotes",
}


def _words(
    details: ErrorDetails, keys: Keys, owner: type[BaseModel] | None
) -> tuple[str, str | None]:
    """Return a message and a hint."""
    kind, value = details["type"], details["input"]
    if is_per_stage(value):
        return "per_stage is not allowed here", "it belongs inside block and downsample"
    if kind == "extra_forbidden":
        fields: list[str] = list(owner.model_fields) if owner else []
        return f"unknown key '{keys[-1]}'", did_you_mean(str(keys[-1]), fields)
    if kind == "union_tag_not_found":
        return "no kind is given", "add `kind:`"
    if kind in ("union_tag_invalid", "literal_error"):
        return _choice(details)
    if kind == "at_path":
        return details["msg"], None
    said = details["msg"].replace("Input should be", "it should be")
    if kind == "value_error":
        said = str(details.get("ctx", {})["error"])
    return _PLAIN.get(kind, said) + _got(value if kind != "missing" else {}), None


def _choice(details: ErrorDetails) -> tuple[str, str | None]:
    """Return message and hint for a value that is not one of the valid words, or not a word."""
    context = details.get("ctx", {})
    is_kind = details["type"] == "union_tag_invalid"
    given: Any = details["input"]
    value = given.get(context["discriminator"].strip("'")) if is_kind else given
    valid = _quoted(str(context["expected_tags" if is_kind else "expected"]))
    if not isinstance(value, str):
        return f"a {'kind' if is_kind else 'choice'} is a word" + _got(value), _list(valid)
    hint = did_you_mean(value, valid)
    if not is_kind:
        return f"'{value}' is not a valid choice", hint
    typo = bool(difflib.get_close_matches(value, valid, n=1, cutoff=_TYPO))
    plugin = "" if typo else f"; or, if a plug-in defines it, {how_to_add('FILE.py')}"
    return f"unknown kind '{value}'", hint + plugin


def _list(valid: list[str]) -> str:
    return f"valid: {', '.join(sorted(valid))}"


def _got(value: Any) -> str:
    simple = isinstance(value, str | int | float | bool | None)
    return f" (got {value!r})" if simple else ""


def _quoted(text: str) -> list[str]:
    """Return the words of pydantic's list of choices, such as `'a', 'b' or 'c'`."""
    return [word for word in text.split("'")[1::2] if word]


def _authored(
    model: type[BaseModel], data: Any, details: ErrorDetails
) -> tuple[Keys, type[BaseModel] | None]:
    """Turn pydantic's location into the keys that the user wrote.

    Pydantic's location also names the member of each union that it passes, and the stages over
    which a block was distributed; neither is in the user's text. For example,
    `("stem", "patchify", "norm")` becomes `("stem", "norm")`.

    Returns:
        The keys, and the model that read the last one.
    """
    keys: list[str | int] = []
    owner: type[BaseModel] | None = model
    reader, stage, keyed = owner, None, False
    for item in details["loc"]:
        here = _at(data, keys)
        if isinstance(item, int) and not isinstance(here, list | tuple):
            stage = item
            continue
        _enter_stage(data, keys, stage)
        here = _at(data, keys)
        if _is_tag(owner, item, here):
            owner = _kind_of(owner, str(item)) or owner
        elif keyed:
            keys.append(item)
            keyed = False
        else:
            keys.append(item)
            reader = owner
            keyed = _is_keyed(owner, item)
            owner = _field_type(owner, item) if isinstance(item, str) else owner
    if details["type"] != "extra_forbidden":
        _enter_stage(data, keys, stage)
    return tuple(keys), reader


def _at(data: Any, keys: list[str | int]) -> Any:
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _enter_stage(data: Any, keys: list[str | int], stage: int | None) -> None:
    if stage is not None and is_per_stage(_at(data, keys)):
        keys.extend((KEY, stage))


def _is_tag(owner: type[BaseModel] | None, item: str | int, here: Any) -> bool:
    """Return whether an item names a member of a union, and is neither a key nor a field."""
    if owner is not None and issubclass(owner, Kind) and owner.is_family():
        return item in owner.registry  # also if a field has the name of its kind
    in_data = isinstance(here, dict) and item in here
    is_field = owner is not None and not _is_family(owner) and item in owner.model_fields
    return isinstance(item, str) and not in_data and not is_field


def _is_family(owner: type[BaseModel]) -> bool:
    return issubclass(owner, Kind) and owner.is_family()


def _kind_of(owner: type[BaseModel] | None, tag: str) -> type[BaseModel] | None:
    if owner is not None and issubclass(owner, Kind) and owner.is_family():
        return owner.registry.get(tag)
    return None


def _field_type(owner: type[BaseModel] | None, name: str) -> type[BaseModel] | None:
    """Return the model in a field's annotation, at any depth of nesting."""
    if owner is None or name not in owner.model_fields:
        return None
    return _model_in(owner.model_fields[name].annotation)


def _is_keyed(owner: type[BaseModel] | None, name: str | int) -> bool:
    """Return whether a field is a mapping of models; its keys are not fields of the models."""
    field = owner.model_fields.get(str(name)) if owner is not None else None
    return field is not None and get_origin(field.annotation) is dict


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
