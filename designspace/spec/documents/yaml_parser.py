"""YAML to plain data: only null, truth values, numbers, text, lists and mappings."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, cast

import yaml
from yaml.composer import Composer
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.resolver import Resolver

# PyYAML without libyaml does not have this parser
_CParser: Any = getattr(getattr(yaml, "cyaml", None), "CParser", object)

# texts that both parsers read alike: no tabs, tags, anchors, block text or document markers
_COMMON = re.compile(r"(?:(?!---|\.\.\.)[ \n\"#$'-)+-=@-{}~\u00a1-\u1fff])*")
_DEEPEST = 64
_MOST = 100_000
_SHORT = 100_000  # characters, below which a document cannot take long to read
_BITS = 64
_TAGS = ("null", "bool", "int", "float", "str", "seq", "map")


class _Plain:
    """Base of both loaders: nodes and plain data, from the events of either parser."""

    _level = 0
    _text = ""

    def whole(self) -> yaml.Node | None:
        """Return the document's root node; None if the text is empty."""
        if len(self._text) > _SHORT:
            _count(self._text)
        return cast("Any", self).get_single_node()

    def construct(self, node: yaml.Node) -> Any:
        """Return the plain data of a node."""
        return cast("Any", self).construct_document(node)

    def close(self) -> None:
        """Release the parser's resources."""
        cast("Any", self).dispose()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return the next node; refuse one that is nested too deeply for the stack."""
        self._level += 1
        if self._level > _DEEPEST:
            mark = cast("Any", self).peek_event().start_mark
            raise ConstructorError(problem="nested too deeply", problem_mark=mark)
        node = cast("Any", super()).compose_node(parent, index)
        self._level -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Hashable:
        """Return a node's data; text that does not fit its tag is an error with its line."""
        try:
            value = cast("Any", super()).construct_object(node, deep=deep)
        except ValueError as error:
            said = str(error)
            if "int_max_str_digits" in said:
                said = f"a whole number takes at most {_BITS} bits"
            raise ConstructorError(problem=said, problem_mark=node.start_mark) from None
        # Python does not print a number of many digits, so no later error could show it.
        if isinstance(value, int) and value.bit_length() > _BITS:
            said = f"a whole number takes at most {_BITS} bits"
            raise ConstructorError(problem=said, problem_mark=node.start_mark)
        return value


class PlainLoader(_Plain, yaml.SafeLoader):
    """Loader of YAML 1.1's plain data, in which 1e-6 is a number and a date is text.

    Every error is a `yaml.MarkedYAMLError`, or a `yaml.YAMLError` if the text has characters that
    YAML does not allow.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text


class QuickLoader(_Plain, Composer, _CParser, SafeConstructor, Resolver):
    """The same with libyaml's parser, which is faster; its error messages differ."""

    is_there = _CParser is not object

    @classmethod
    def suits(cls, text: str) -> bool:
        """Return whether both parsers read this text alike, and libyaml is installed."""
        return cls.is_there and _COMMON.fullmatch(text) is not None

    def __init__(self, text: str) -> None:
        _CParser.__init__(self, text)
        for base in (Composer, SafeConstructor, Resolver):
            base.__init__(cast("Any", self))
        self._text = text


def _count(text: str) -> None:
    """Refuse a long document of too many values before its tree is built, which is slow.

    Raises:
        ConstructorError: The text has more than `2 * _MOST` keys and values.
        YAMLError: The text is not YAML.
    """
    values = 0
    scanner = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for event in cast("Any", yaml).parse(text, Loader=scanner):
        values += isinstance(event, yaml.NodeEvent)
        if values > 2 * _MOST:
            said = f"more than {_MOST:,} values"
            raise ConstructorError(problem=said, problem_mark=event.start_mark)


class PlainDumper(yaml.SafeDumper):
    """Dumper for `PlainLoader`: the text 1e-6 is quoted, since without quotes it is a number."""


class Extent:
    """Counter of the nodes of a document, aliases included, that refuses endless ones."""

    def __init__(self) -> None:
        self._nodes = 0

    def enter(self, node: yaml.Node, level: int) -> None:
        """Count a node at a level of nesting.

        Raises:
            ConstructorError: The nodes are too deep or too many, as with an alias inside its own
                anchor.
        """
        self._nodes += 1
        if level > _DEEPEST or self._nodes > _MOST:
            said = "nested too deeply" if level > _DEEPEST else f"more than {_MOST:,} values"
            raise ConstructorError(problem=said, problem_mark=node.start_mark)


for _loader in (PlainLoader, QuickLoader):
    _loader.yaml_constructors = {
        tag: how
        for tag, how in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.removeprefix("tag:yaml.org,2002:") in _TAGS
    }
    _loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith(":timestamp")]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
for _each in (PlainLoader, QuickLoader, PlainDumper):
    _each.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"),
        list("-+0123456789"),
    )
