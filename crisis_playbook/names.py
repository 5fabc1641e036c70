"""Which names a playbook defines, collected before anything else is read.

A name counts as defined even where its definition is broken, so that one mistake gives one error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crisis_playbook import document
from crisis_playbook.document import Listing, Node, Scalar
from crisis_playbook.reading import Reading

LEVELS_OF_COMPLAINT = ("possible", "likely")
"""The signal named complaint is read by other programs, which know these levels."""
_NAMED = {"teams": "team", "hours": "hours", "topics": "topic", "signals": "signal", "levels": "level"}
_LISTED = {"rules": ("rule", "rule"), "alarms": ("alarm", "alarm"), "questions": ("id", "question")}


def collect_names(sections: Mapping[str, list[Node]], reading: Reading) -> None:
    """Note every name with its place, and a mistake for each name defined twice."""
    for section, kind in _NAMED.items():
        for key, _ in _entries(sections[section]):
            _define(kind, key, reading)
    for section, (word, kind) in _LISTED.items():
        for name in _given(sections[section], word):
            _define(kind, name, reading)
    for team, members in _entries(sections["teams"]):
        for member in _members(members):
            reading.names.setdefault("member", {}).setdefault(member.text, team.place)
    for signal, body in _entries(sections["signals"]):
        levels = _value(body, "levels")
        if isinstance(levels, document.Mapping):
            reading.levels[signal.text] = tuple(key.text for key, _ in levels.entries)
    reading.levels["complaint"] = LEVELS_OF_COMPLAINT


def _define(kind: str, name: Scalar, reading: Reading) -> None:
    known = reading.names.setdefault(kind, {})
    if name.text in known:
        first = known[name.text]
        message = f"the {kind} '{name.text}' is defined already at {first}"
        reading.mistakes.append(name.place.mistake(message, "keep one of the two, or give this one another name"))
    known.setdefault(name.text, name.place)


def _entries(nodes: list[Node]) -> Iterator[tuple[Scalar, Node]]:
    for node in nodes:
        if isinstance(node, document.Mapping):
            yield from node.entries


def _given(nodes: list[Node], word: str) -> Iterator[Scalar]:
    for node in nodes:
        for item in node.items if isinstance(node, Listing) else ():
            value = _value(item, word)
            if isinstance(value, Scalar) and value.text:
                yield value


def _value(node: Node, word: str) -> Node | None:
    if isinstance(node, document.Mapping):
        return next((value for key, value in node.entries if key.text == word), None)
    return None


def _members(node: Node) -> Iterator[Scalar]:
    members = _value(node, "members")
    found = members.items if isinstance(members, Listing) else [members]
    yield from (item for item in found if isinstance(item, Scalar))
