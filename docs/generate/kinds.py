"""Every kind of every family, with its fields, their types and their defaults."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from typing import Any

from designspace.layers.kind import Kind
from designspace.spec.network.families import families
from generate.markdown import table

_TITLES = {
    "stem": "Stems",
    "block": "Blocks",
    "mixer": "Token mixers",
    "channel_mixer": "Channel mixers",
    "shortcut": "Shortcuts",
    "downsample": "Downsampling",
    "head": "Heads",
    "norm": "Norms",
    "act": "Activations",
    "response": "Responses",
}
_WORDS = {
    "None": "null",
    "bool": "true, false",
    "StrictBool": "true, false",
    "Truth": "true, false",
    "int": "integer",
    "float": "number",
    "Size": "positive integer",
    "PositiveInt": "positive integer",
    "OddInt": "odd integer",
    "Padding": "integer from 0",
    "Positive": "positive number",
    "Act": "an activation",
    "Norm": "a norm",
    "Mixer": "a token mixer",
    "ChannelMixer": "a channel mixer",
    "Response": "a response",
    "ActPositions": "`all`, or a list of places from 1 to 3",
    "NormPositions": "`all`, or a list of places from 0 to 3",
    "GroupWidth": "`{width: …}`",
    "Shortcut": "a shortcut",
}


def page() -> str:
    """One section per family, one sub-section per kind."""
    return "\n\n".join(
        [
            "# All kinds\n\nThis page is generated from the catalog of the installed version. "
            "`designspace catalog` prints the same list, and `designspace schema network` the "
            "exact types. Every field may be left out unless it is marked *required*.",
            *(_family(name, registry) for name, registry in families().items()),
        ]
    )


def _family(name: str, registry: dict[str, type[Kind]]) -> str:
    title = _TITLES.get(name, name.replace("_", " ").capitalize())
    return "\n\n".join([f"## {title}", *(_kind(tag, kind) for tag, kind in registry.items())])


def _kind(tag: str, kind: type[Kind]) -> str:
    said = attributes(kind)
    rows = [
        [f"`{name}`", _type(kind, name), _default(field), said.get(name, "")]
        for name, field in kind.model_fields.items()
        if name != "kind"
    ]
    about = inspect.cleandoc(kind.__doc__ or "").split("\nAttributes:")[0].strip()
    heading = f"### {tag}\n\n{about}"
    return (
        f"{heading}\n\n{table(['field', 'type', 'default', 'meaning'], rows)}" if rows else heading
    )


def attributes(cls: type) -> dict[str, str]:
    """The sentences of a docstring's `Attributes:` section, by field, base classes included."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if "__doc__" in vars(base) and base.__doc__:
            text = inspect.cleandoc(base.__doc__)
            _, _, section = text.partition("\nAttributes:\n")
            section = textwrap.dedent(section.split("\n\n")[0])
            for name, said in re.findall(r"^(\w+): (.*(?:\n +.*)*)", section, re.MULTILINE):
                found[name] = " ".join(said.split())
    return found


def _type(kind: type[Kind], name: str) -> str:
    """The annotation as it is written in the source."""
    for base in kind.__mro__:
        if name in vars(base).get("__annotations__", {}):
            return _written(base, name)
    return ""


def _written(cls: type, name: str) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    (body,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            return in_words(ast.unparse(node.annotation))
    return ""


def in_words(annotation: str) -> str:
    """A type for readers who do not know the names in the source."""
    words = [_WORDS.get(part) or _code(part) for part in annotation.split(" | ")]
    return " or ".join(words)


def _code(annotation: str) -> str:
    if annotation.startswith("Literal["):
        values = ast.literal_eval(f"[{annotation[8:-1]}]")
        return ", ".join(f"`{value}`" for value in values)
    return f"`{annotation}`"


def _default(field: Any) -> str:
    if field.is_required():
        return "*required*"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Kind):
        value = getattr(value, "kind", value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return str(value)
