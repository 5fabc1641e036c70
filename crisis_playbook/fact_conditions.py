"""Conditions on what is known of a message beside its words: channel, language, followers, labels, severity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter

from crisis_playbook.conditions import Plain
from crisis_playbook.evidence import Evidence
from crisis_playbook.model import SEVERITIES, Facts


@dataclass(frozen=True, slots=True)
class FactIs(Plain):
    """A fact has one of the wanted values, such as `channel: [facebook, instagram]` or `addressed: true`."""

    word: str
    wanted: tuple[str | bool, ...]
    with_message: bool = True
    """It is told with the message, and not found out from its text or set by the rules before."""
    read: Callable[[Evidence], str | bool | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", attrgetter(f"facts.{self.word}" if self.with_message else self.word))

    @property
    def text(self) -> str:
        shown = [str(value).lower() if isinstance(value, bool) else value for value in self.wanted]
        return f"{self.word}: {shown[0] if len(shown) == 1 else '[' + ', '.join(shown) + ']'}"

    def holds(self, evidence: Evidence) -> bool | None:
        value = self.read(evidence)
        return None if value is None else value in self.wanted

    def why(self, evidence: Evidence) -> str:
        value = self.read(evidence)
        if value is None:
            return f"{self.word} is not known"
        return f"{self.word} is {str(value).lower() if isinstance(value, bool) else value}"

    def always(self) -> str:
        only = self.wanted[0] if len(self.wanted) == 1 else None
        return f"{self.word} is {only}" if isinstance(only, str) else ""

    def told(self) -> frozenset[str]:
        return frozenset([self.word] if self.with_message else [])

    def stands(self, facts: Facts) -> bool | None:
        value = getattr(facts, self.word) if self.with_message else None
        return None if value is None else value in self.wanted


@dataclass(frozen=True, slots=True)
class Within(Plain):
    """A number lies within limits: the author's followers, or how many words the text has."""

    word: str
    what: str
    read: Callable[[Evidence], int | None]
    at_least: int | None
    at_most: int | None

    @property
    def text(self) -> str:
        limits = [f"at_least: {self.at_least}"] if self.at_least is not None else []
        limits += [f"at_most: {self.at_most}"] if self.at_most is not None else []
        return f"{self.word}: {{{', '.join(limits)}}}"

    def holds(self, evidence: Evidence) -> bool | None:
        count = self.read(evidence)
        if count is None:
            return None
        enough = self.at_least is None or count >= self.at_least
        return enough and (self.at_most is None or count <= self.at_most)

    def why(self, evidence: Evidence) -> str:
        count = self.read(evidence)
        return f"it is not known how many {self.what}" if count is None else f"{count} {self.what}"


@dataclass(frozen=True, slots=True)
class HasLabel(Plain):
    """The conversation carries one of the labels, or a rule before this one set it."""

    labels: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"label: {', '.join(self.labels)}"

    def holds(self, evidence: Evidence) -> bool | None:
        return any(label in evidence.labels for label in self.labels)

    def why(self, evidence: Evidence) -> str:
        there = [label for label in self.labels if label in evidence.labels]
        return f"the label {there[0]} is set" if there else f"no label {' or '.join(self.labels)}"


@dataclass(frozen=True, slots=True)
class SeverityAtLeast(Plain):
    """The conversation is at least this severe, from before or by a rule before this one."""

    least: str

    @property
    def text(self) -> str:
        return f"severity_at_least: {self.least}"

    def holds(self, evidence: Evidence) -> bool | None:
        return SEVERITIES.index(evidence.severity) >= SEVERITIES.index(self.least)

    def why(self, evidence: Evidence) -> str:
        return f"the severity is {evidence.severity}"
