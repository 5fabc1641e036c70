"""A YAML file as plain nodes that know their line: words stay words, and bombs are refused while reading.

Only `true` and `false` are booleans and only plain decimal numbers are numbers; everything else is text, so
`yes`, `no`, `on`, `off`, `9:30` and `2026-12-24` mean what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crisis_playbook.mistakes import Mistake, PlaybookErrors

MOST_BYTES = 1_000_000
MOST_DEPTH = 20
MOST_ALIASES = 20
MOST_NODES = 200_000
NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*)(?:\.\d+)?\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the file's name and the line, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def mistake(self, message: str, fix: str) -> Mistake:
        """A mistake at this place."""
        return Mistake(self.file, self.line, message, fix)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value: its text as written, and whether it stood in quotes."""

    place: Place
    text: str
    quoted: bool

    @property
    def value(self) -> str | bool | int | float | None:
        """True and false are booleans, decimal numbers are numbers, nothing at all is None, the rest is text."""
        if self.quoted:
            return self.text
        if self.text in ("true", "false"):
            return self.text == "true"
        if self.text in ("", "~", "null"):
            return None
        if NUMBER.match(self.text):
            return float(self.text) if "." in self.text else int(self.text)
        return self.text


@dataclass(slots=True)
class Listing:
    """A list of nodes."""

    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys with their nodes, in the order written."""

    place: Place
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)


Node = Scalar | Listing | Mapping


class _Refused(Exception):
    """Raised inside this file with the one mistake that stops the reading of a file."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(str(mistake))


def read_document(name: str, content: bytes) -> Node | None:
    """The nodes of one YAML file, or None where the file is empty.

    Raises PlaybookErrors with exactly one mistake where the file is too large, not UTF-8, no YAML, too deep,
    holds repeated keys, merge keys, tags, several documents, or more than a few aliases.
    """
    try:
        text = _decode(name, content)
        return _Builder(name).build(_events(name, text))
    except _Refused as refused:
        raise PlaybookErrors([refused.mistake]) from None


def _decode(name: str, content: bytes) -> str:
    if len(content) > MOST_BYTES:
        size = len(content) / 1_000_000
        raise _Refused(
            Mistake(name, 1, f"the file has {size:.1f} MB, at most 1 MB is read", "split it into several files")
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Refused(Mistake(name, line, "this line is not UTF-8", "save the file with the encoding UTF-8")) from None
    for number, line_text in enumerate(text.split("\n"), 1):
        if line_text[: len(line_text) - len(line_text.lstrip())].count("\t"):
            raise _Refused(Mistake(name, number, "a tab indents this line", "indent with spaces"))
    return text


def _events(name: str, text: str) -> Iterator[Any]:
    """The parser's events; its errors become one mistake with the line where the trouble shows."""
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = getattr(error, "problem", None) or "this cannot be read as YAML"
        raise _Refused(Mistake(name, line, f"no valid YAML: {problem}", _yaml_fix(problem))) from None
    except (RecursionError, ValueError) as error:
        raise _Refused(
            Mistake(name, 1, f"no valid YAML: {type(error).__name__}", "write plain lists and mappings")
        ) from None


def _yaml_fix(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "put a text that holds ': ' in quotes, or check the indentation"
    if "end of stream" in problem:
        return "close the quote or the bracket that was opened"
    if "cannot start any token" in problem:
        return "put a text that starts with a special sign in quotes"
    return "check brackets, quotes and indentation on this line and the one before"


class _Builder:
    """Builds nodes from events with a stack of its own, so that depth is a number and never a crash."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stack: list[Listing | Mapping] = []
        self.keys: list[Scalar | None] = []
        self.seen: list[set[str]] = []
        self.anchors: dict[str, Node] = {}
        self.aliases = 0
        self.nodes = 0
        self.root: Node | None = None

    def build(self, events: Iterator[Any]) -> Node | None:
        documents = 0
        for event in events:
            kind = type(event).__name__
            place = Place(self.name, event.start_mark.line + 1)
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self._refuse(place, "a second document starts here", "remove the line '---'")
            elif kind == "AliasEvent":
                self._add(self._alias(event, place))
            elif kind == "ScalarEvent":
                self._scalar(event, place)
            elif kind in ("SequenceStartEvent", "MappingStartEvent"):
                self._open(event, place, Listing(place) if kind == "SequenceStartEvent" else Mapping(place))
            elif kind in ("SequenceEndEvent", "MappingEndEvent"):
                self.stack.pop(), self.keys.pop(), self.seen.pop()
        return None if isinstance(self.root, Scalar) and self.root.value is None else self.root

    def _refuse(self, place: Place, message: str, fix: str) -> None:
        raise _Refused(place.mistake(message, fix))

    def _scalar(self, event: Any, place: Place) -> None:
        self._no_tag(event, place)
        node = Scalar(place, str(event.value), event.style is not None)
        self._remember(event, node)
        self._add(node)

    def _open(self, event: Any, place: Place, node: Listing | Mapping) -> None:
        self._no_tag(event, place)
        if len(self.stack) >= MOST_DEPTH:
            self._refuse(place, f"nested more than {MOST_DEPTH} deep", "write it flatter")
        self._remember(event, node)
        self._add(node)
        self.stack.append(node)
        self.keys.append(None)
        self.seen.append(set())

    def _no_tag(self, event: Any, place: Place) -> None:
        if getattr(event, "tag", None) is not None:
            self._refuse(place, f"the tag '{event.tag}' is not known here", "write the value without '!'")

    def _remember(self, event: Any, node: Node) -> None:
        if event.anchor is not None:
            self.anchors[event.anchor] = node

    def _alias(self, event: Any, place: Place) -> Node:
        self.aliases += 1
        if self.aliases > MOST_ALIASES:
            self._refuse(place, f"more than {MOST_ALIASES} aliases", "write the values out")
        node = self.anchors.get(event.anchor)
        if node is None:
            self._refuse(place, f"the alias '*{event.anchor}' has no anchor", "put a text with '*' in quotes")
        if any(node is opened for opened in self.stack):
            self._refuse(place, f"the alias '*{event.anchor}' holds itself", "write the values out")
        assert node is not None
        self.nodes += _size(node)
        return node

    def _add(self, node: Node) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self._refuse(node.place, f"more than {MOST_NODES:,} values", "split it into several files")
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent, Listing):
            parent.items.append(node)
        elif self.keys[-1] is None:
            self.keys[-1] = self._key(node)
        else:
            parent.entries.append((self.keys[-1], node))
            self.keys[-1] = None

    def _key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            self._refuse(node.place, "a key must be one word", "write 'name: value'")
        assert isinstance(node, Scalar)
        if node.text == "<<":
            self._refuse(node.place, "'<<' (merging) is not allowed", "write the values out")
        if node.text in self.seen[-1]:
            self._refuse(node.place, f"'{node.text}' is written twice", "keep one of the two")
        self.seen[-1].add(node.text)
        return node


def _size(node: Node) -> int:
    """How many values an alias stands for; counted with a stack and cut off where it is too many anyway."""
    count, waiting = 0, [node]
    while waiting and count <= MOST_NODES:
        current = waiting.pop()
        count += 1
        if isinstance(current, Listing):
            waiting.extend(current.items)
        elif isinstance(current, Mapping):
            waiting.extend(value for _, value in current.entries)
    return count
