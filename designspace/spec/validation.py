"""From pydantic's errors to one message that says where, what, and what would have been right."""

from __future__ import annotations

from typing import Any, TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from designspace.errors import InputError, did_you_mean
from designspace.layers.kind import Kind
from designspace.spec.files import Document, Keys
from designspace.spec.per_stage import KEY

M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], document: Document) -> M:
    """Make a model of a document.

    Raises:
        InputError: The first thing that is wrong, with its file, line and path.
    """
    data: object = document.data
    if not isinstance(data, dict):
        origin = document.origin(())
        got = type(data).__name__
        raise InputError(f"a mapping was expected, not {got}", file=origin.file, line=origin.line)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise _explain(model, document, _worst(error)) from None


def _worst(error: ValidationError) -> ErrorDetails:
    """A misspelt key explains the missing one, so it comes first."""
    order = {"extra_forbidden": 0, "union_tag_invalid": 1, "missing": 3}
    return min(error.errors(), key=lambda details: order.get(details["type"], 2))


def _explain(model: type[BaseModel], document: Document, details: ErrorDetails) -> InputError:
    keys, owner = _authored(model, document.data, details["loc"])
    if details["type"] == "at_path":  # a rule over several fields that names the one at fault
        keys = (*keys, str(details.get("ctx", {})["path"]))
    origin = document.origin(keys)
    message, hint = _words(details, keys, owner)
    path = ".".join(str(key) for key in keys)
    return InputError(message, file=origin.file, line=origin.line, path=path or None, hint=hint)


def _words(
    details: ErrorDetails, keys: Keys, owner: type[BaseModel] | None
) -> tuple[str, str | None]:
    context: dict[str, Any] = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            fields = sorted(owner.model_fields) if owner else []
            return f"unknown key '{keys[-1]}'", did_you_mean(str(keys[-1]), fields)
        case "union_tag_invalid":
            tag, valid = str(context["tag"]), str(context["expected_tags"])
            return f"unknown kind '{tag}'", did_you_mean(tag, _quoted(valid))
        case "union_tag_not_found":
            return "no kind is given", "add `kind:`"
        case "literal_error":
            value, valid = str(details["input"]), str(context["expected"])
            return f"'{value}' is not a valid choice", did_you_mean(value, _quoted(valid))
        case "missing":
            return "a required key is missing", None
        case "at_path":
            return details["msg"], None
        case "value_error":
            return str(context["error"]) + _got(details["input"]), None
        case _:
            said = details["msg"].replace("Input should be", "it should be")
            return said + _got(details["input"]), None


def _got(value: Any) -> str:
    simple = isinstance(value, str | int | float | bool | None)
    return f" (got {value!r})" if simple else ""


def _quoted(text: str) -> list[str]:
    """The words of pydantic's list of choices: 'a', 'b' or 'c'."""
    return [word for word in text.split("'")[1::2] if word]


def _authored(
    model: type[BaseModel], data: Any, location: tuple[str | int, ...]
) -> tuple[Keys, type[BaseModel] | None]:
    """Pydantic's location as keys of what was written, and the model whose keys stand there.

    Pydantic's location names the tag of each union that it passes, and counts the stages over
    which a block was distributed; neither stands in what the user wrote.
    """
    keys: list[str | int] = []
    owner: type[BaseModel] | None = model
    stage = 0
    for item in location:
        here = _at(data, keys)
        if _is_tag(owner, item, here):
            owner = _kind_of(owner, str(item))
        elif isinstance(item, int) and not isinstance(here, list | tuple):
            stage = item
        else:
            keys.append(item)
            owner = _field_type(owner, item) if isinstance(item, str) else owner
            _enter_stage(data, keys, stage)
    return tuple(keys), _parent(model, owner, location)


def _parent(
    model: type[BaseModel], owner: type[BaseModel] | None, location: tuple[str | int, ...]
) -> type[BaseModel] | None:
    """The model that refused the last key: found by walking all but that key."""
    current: type[BaseModel] | None = model
    for item in location[:-1]:
        if isinstance(item, str):
            inner = _kind_of(current, item)
            current = inner or _field_type(current, item)
    return current if current is not None else owner


def _at(data: Any, keys: list[str | int]) -> Any:
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _enter_stage(data: Any, keys: list[str | int], stage: int) -> None:
    here = _at(data, keys)
    if isinstance(here, dict) and set(cast("dict[str, Any]", here)) == {KEY}:
        keys.extend((KEY, stage))


def _is_tag(owner: type[BaseModel] | None, item: str | int, here: Any) -> bool:
    inner = _kind_of(owner, str(item))
    in_data = isinstance(here, dict) and item in here
    return inner is not None and not in_data


def _kind_of(owner: type[BaseModel] | None, tag: str) -> type[BaseModel] | None:
    if owner is not None and issubclass(owner, Kind) and owner.is_family():
        return owner.registry.get(tag)
    return None


def _field_type(owner: type[BaseModel] | None, name: str) -> type[BaseModel] | None:
    """The model in a field's annotation, however deep it stands."""
    if owner is None or name not in owner.model_fields:
        return None
    return _model_in(owner.model_fields[name].annotation)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
