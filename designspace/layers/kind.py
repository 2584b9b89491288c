"""Kinds: the choices that a specification can name, grouped in families.

A family is a direct subclass of `Kind` declared with `family=True`; a kind is a subclass of a
family with a `kind: Literal[...]` field. A field that is annotated with a family accepts any
registered kind, chosen by its `kind` key; `gelu` is short for `{kind: gelu}`, and null for
`{kind: none}` if the family has that kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Literal, Self, cast, get_args, get_origin

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from designspace.errors import InputError
from designspace.layers.frozen import Frozen
from designspace.layers.late_kinds import compile_again


class Kind(Frozen):
    """Base of every family.

    Attributes:
        family_name: Name of the family; empty for `Kind` itself.
        registry: Kinds of the family by their tags.
        examples: Small values by field, from which the tests draw networks. A field needs them
            unless its type is a truth value, a list of words or a family.
        added: Fields that were added later. A field with its default value is left out of the
            meaning, so that older networks keep their digests.
    """

    family_name: ClassVar[str] = ""
    registry: ClassVar[dict[str, type[Kind]]] = {}
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {}
    added: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, family: str = "", **_: Any) -> None:
        """Create a family with an empty registry if `family` is given."""
        super().__init_subclass__()
        if family:
            cls.family_name, cls.registry = family, {}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Add a kind to its family's registry, now that its fields are known.

        Models that were compiled before and can hold it are compiled again (see `late_kinds`).

        Raises:
            InputError: The family has another kind of that name, from another place, or the field
                `kind` gives no name.
        """
        if not cls.family_name or "kind" not in cls.model_fields:
            return
        cls._check_tag()
        known = cls.registry.get(cls.tag())
        if known is not None and _place(known) != _place(cls):
            raise InputError(
                f"{cls.family_name} '{cls.tag()}' is defined twice: in {known.__module__} and in "
                f"{cls.__module__}",
                hint="give the new one another name",
            )
        cls.registry[cls.tag()] = cls
        compile_again(cls.family())

    @classmethod
    def _check_tag(cls) -> None:
        """Check that the field `kind` gives one name.

        Raises:
            InputError: Its annotation is no `Literal` of a word, or its default is another word.
        """
        field = cls.model_fields["kind"]
        words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        if not words:
            word = field.default if isinstance(field.default, str) else cls.__name__.lower()
            raise InputError(
                f"`kind` of class {cls.__name__} is not annotated with its name",
                hint=f'write `kind: Literal["{word}"] = "{word}"`',
            )
        if not field.is_required() and field.default not in words:
            raise InputError(
                f"class {cls.__name__} has two names: Literal[{words[0]!r}] = {field.default!r}",
                hint="write the same word twice",
            )

    @classmethod
    def tag(cls) -> str:
        """Return the word that names this kind in a specification."""
        return str(get_args(cls.model_fields["kind"].annotation)[0])

    @classmethod
    def family(cls) -> type[Kind]:
        """Return the family that this kind belongs to."""
        return next(above for above in cls.__mro__ if "registry" in vars(above))

    @classmethod
    def is_family(cls) -> bool:
        """Return whether this class is a family and not one of its kinds."""
        return bool(cls.family_name) and "kind" not in cls.model_fields

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema of a family as the tagged union of its kinds."""
        if not cls.is_family() or not cls.registry:
            return handler(source)
        choices = {tag: handler.generate_schema(kind) for tag, kind in cls.registry.items()}
        union = core_schema.tagged_union_schema(choices, discriminator="kind")
        return core_schema.no_info_before_validator_function(cls._expand, union)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the JSON schema of a family, which also allows the short form."""
        if not cls.is_family():
            return handler(schema)
        short: list[str | None] = [*sorted(cls.registry)]
        short += [None] if "none" in cls.registry else []
        return {"anyOf": [{"enum": short}, handler(schema)]}

    @model_validator(mode="before")
    @classmethod
    def _kinds_of_defaults(cls, data: Any) -> Any:
        """Give a nested mapping without a kind the kind of the field's default."""
        if not isinstance(data, dict):
            return data
        given = cast("dict[str, Any]", data)
        for name, tag in cls._tags_of_defaults().items():
            value = given.get(name)
            if isinstance(value, dict) and "kind" not in value:
                given = given | {name: {"kind": tag, **cast("dict[str, Any]", value)}}
        return given

    @classmethod
    @cache
    def _tags_of_defaults(cls) -> dict[str, str]:
        """Return the kind of each field's default, for defaults with a kind other than `none`."""
        defaults = {name: field.default for name, field in cls.model_fields.items()}
        tags = {name: getattr(value, "kind", None) for name, value in defaults.items()}
        return {name: tag for name, tag in tags.items() if tag and tag != "none"}

    @classmethod
    def _expand(cls, value: Any) -> Any:
        """Expand a bare word or null to a mapping."""
        if isinstance(value, str):
            return {"kind": value}
        if value is None and "none" in cls.registry:
            return {"kind": "none"}
        return value

    @classmethod
    @cache
    def _fields_of_kinds(cls) -> tuple[str, ...]:
        """Return the names of the fields that may hold a kind."""
        fields = cls.model_fields.items()
        return tuple(name for name, field in fields if _admits_kind(field.annotation))

    @classmethod
    def example_values(cls) -> dict[str, Sequence[Any]]:
        """Return the examples of this kind's fields, including those of its base classes."""
        merged: dict[str, Sequence[Any]] = {}
        for base in reversed(cls.__mro__):
            merged |= vars(base).get("examples", {})
        return {name: values for name, values in merged.items() if name in cls.model_fields}

    def inactive(self) -> frozenset[str]:
        """Return the fields that have no effect, given the values of the others."""
        return frozenset()

    def nested(self) -> Iterator[tuple[str, Kind]]:
        """Yield the kinds in this kind's fields, with the names of the fields."""
        values = vars(self)
        for name in self._fields_of_kinds():
            value = values[name]
            if isinstance(value, Kind):
                yield name, value

    def inherit(self, defaults: dict[str, Kind]) -> Self:
        """Fill each `inherit` in this kind's fields with the network's value for that family."""
        update: dict[str, Kind] = {}
        for name, value in self.nested():
            filled = (
                defaults[value.family_name]
                if getattr(value, "kind", None) == "inherit"
                else value.inherit(defaults)
            )
            if filled is not value:
                update[name] = filled
        return self.model_copy(update=update) if update else self

    def meaning(self) -> dict[str, Any]:
        """Return all active fields as plain data, with defaults filled in."""
        values, inactive = vars(self), self.inactive()
        for name in self.added:
            if values[name] == type(self).__pydantic_fields__[name].default:
                inactive |= {name}
        active = {
            name: values[name] for name in type(self).__pydantic_fields__ if name not in inactive
        }
        return {
            name: value.meaning() if isinstance(value, Kind) else _plain(value)
            for name, value in active.items()
        }


def _place(kind: type[Kind]) -> tuple[str, str]:
    """Return where a class is defined: a notebook cell that runs again replaces its own kind."""
    return kind.__module__, kind.__qualname__


def _admits_kind(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Kind):
        return True
    return any(map(_admits_kind, get_args(annotation)))


def _plain(value: Any) -> Any:
    """Convert tuples to lists, and nested models to dicts."""
    if isinstance(value, Frozen):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[Any, ...]", value)]
    return value
