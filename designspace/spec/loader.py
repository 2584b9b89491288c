"""YAML to plain data: numbers, text, lists and mappings, and nothing that could surprise."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, cast

import yaml
from yaml.constructor import ConstructorError

_DEEPEST = 64
_MOST = 100_000
_TAGS = ("null", "bool", "int", "float", "str", "seq", "map")


class PlainLoader(yaml.SafeLoader):
    """YAML 1.1's plain data, in which 1e-6 is a number and a date is text, as everyone expects.

    Every error is a `yaml.MarkedYAMLError`, or a `yaml.YAMLError` where the text is no text.
    """

    _level = 0

    def whole(self) -> yaml.Node | None:
        """The document's node; None where nothing is written."""
        return self.get_single_node()

    def construct(self, node: yaml.Node) -> Any:
        """Plain data of a node."""
        return cast("Any", self).construct_document(node)

    def close(self) -> None:
        """Let go of the text."""
        cast("Any", self).dispose()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node, unless it stands too deep for the stack."""
        self._level += 1
        if self._level > _DEEPEST:
            mark = cast("Any", self).peek_event().start_mark
            raise ConstructorError(problem="nested too deeply", problem_mark=mark)
        node = cast("Any", super()).compose_node(parent, index)
        self._level -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Hashable:
        """A node's data; what its tag promises and its text breaks is refused with its line."""
        try:
            return cast("Any", super()).construct_object(node, deep=deep)
        except ValueError as error:
            raise ConstructorError(problem=str(error), problem_mark=node.start_mark) from None


class PlainDumper(yaml.SafeDumper):
    """Writes what `PlainLoader` reads: the text 1e-6 is quoted, since bare it is a number."""


class Extent:
    """Counts the nodes of a document, each alias anew, and refuses what has no end."""

    def __init__(self) -> None:
        self._nodes = 0

    def enter(self, node: yaml.Node, level: int) -> None:
        """Count a node at a level.

        Raises:
            ConstructorError: Too deep or too many, as an alias inside its own anchor is.
        """
        self._nodes += 1
        if level > _DEEPEST or self._nodes > _MOST:
            said = "nested too deeply" if level > _DEEPEST else f"more than {_MOST:,} values"
            raise ConstructorError(problem=said, problem_mark=node.start_mark)


PlainLoader.yaml_constructors = {
    tag: how
    for tag, how in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.removeprefix("tag:yaml.org,2002:") in _TAGS
}
PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith(":timestamp")]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _each in (PlainLoader, PlainDumper):
    _each.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"),
        list("-+0123456789"),
    )
