"""One reading of a playbook's files: what was collected so far, and how a mistake is told.

Every reader of a kind of value also knows its JSON Schema, so that editors and the loader can never disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from crisis_playbook import document
from crisis_playbook.document import Listing, Node, Place, Scalar
from crisis_playbook.mistakes import Mistake
from crisis_playbook.patterns import Patterns
from crisis_playbook.phrases import Phrases, list_number

Schema = dict[str, Any]


class Wrong(Exception):
    """One mistake, raised where it is found."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(str(mistake))


class Broken(Exception):
    """The value cannot be used; its mistakes are noted already."""


def wrong(place: Place, message: str, fix: str) -> Wrong:
    """A mistake at a place, ready to be raised."""
    return Wrong(place.mistake(message, fix))


@dataclass(slots=True)
class Reading:
    """One reading of a playbook's files: mistakes so far, the names defined anywhere, and the words collected."""

    phrases: Phrases = field(default_factory=Phrases)
    patterns: Patterns = field(default_factory=Patterns)
    names: dict[str, dict[str, Place]] = field(default_factory=dict)
    templates: frozenset[str] | None = None
    channels: tuple[str, ...] = ("facebook", "instagram", "twitter")
    mistakes: list[Mistake] = field(default_factory=list)
    signs: dict[str, Any] = field(default_factory=dict)
    topic_lists: dict[str, int] = field(default_factory=dict)
    """For each topic the word list of its `any`."""
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For each signal the names of its levels."""
    level_lists: dict[tuple[str, str], int] = field(default_factory=dict)
    """For a level of a signal the list that is found where it is reached."""
    incomplete: bool = False
    """Whether a file or section could not be read: then a name may be defined there, and is not called undefined."""

    def topic_list(self, name: str) -> int:
        """The word list of a topic; a list that is never found where the topic itself is broken."""
        if name not in self.topic_lists:
            self.topic_lists[name] = list_number("topic", name)
        return self.topic_lists[name]

    def level_list(self, signal: str, level: str) -> int:
        """The list that is found where the signal reaches the level."""
        if (signal, level) not in self.level_lists:
            self.level_lists[signal, level] = list_number("level", signal, level)
        return self.level_lists[signal, level]

    def lacks(self, kind: str, name: str) -> bool:
        """Whether it is certain that the playbook defines no such name."""
        return not self.incomplete and name not in self.known(kind)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note the mistake raised inside and go on with what follows."""
        try:
            yield
        except Wrong as error:
            self.mistakes.append(error.mistake)
        except Broken:
            pass

    def known(self, kind: str) -> Mapping[str, Place]:
        """The names of one kind (`team`, `topic`, …) defined anywhere in the playbook."""
        return self.names.get(kind, {})


class Reader(Protocol):
    """Reads one kind of value."""

    def read(self, node: Node, reading: Reading) -> Any:
        """The value. Raises Wrong with one mistake, or Broken where mistakes are noted already."""
        ...

    def schema(self) -> Schema:
        """The JSON Schema of the value."""
        ...


def described(node: Node) -> str:
    """What a node is, for an error."""
    if isinstance(node, Listing):
        return "a list"
    if isinstance(node, document.Mapping):
        return "a mapping"
    return f"'{node.text}'" if node.text else "nothing"


def scalar(node: Node, wanted: str) -> Scalar:
    """The node as one value. Raises Wrong where it is a list, a mapping or empty."""
    if not isinstance(node, Scalar):
        raise wrong(node.place, f"{described(node)} stands where {wanted} belongs", f"write {wanted}")
    if node.value is None or not node.text.strip():
        raise wrong(node.place, f"nothing stands where {wanted} belongs", f"write {wanted}")
    return node


def at(node: Node, place: Place) -> Node:
    """An empty value stands on the line of its key, not on the line where the next thing begins."""
    if isinstance(node, Scalar) and not node.quoted and node.text == "" and node.place.line != place.line:
        return Scalar(place, node.text, node.quoted)
    return node
