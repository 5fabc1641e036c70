"""The words of the playbook: what is known of a message, what a rule is, and what was decided. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

Severity = Literal["none", "watch", "urgent", "crisis"]
SEVERITIES: tuple[Severity, ...] = ("none", "watch", "urgent", "crisis")
"""The lowest first."""
KINDS = ("comment", "mention", "direct_message")
"""What a conversation can be."""
VISIBILITIES = ("public", "private")
"""Read by everybody, or by one person."""
ComplaintLevel = Literal["none", "possible", "likely"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one message when it is judged. None means: cannot tell."""

    text: str
    channel: str | None = None
    account: str | None = None
    kind: str | None = None
    visibility: str | None = None
    language: str | None = None
    """ISO code; None lets the playbook detect it from the text."""
    spoken_by: str | None = "customer"
    """`customer` or `us`."""
    addressed: bool | None = True
    first_of_conversation: bool | None = None
    hours: str | None = None
    """`open` or `closed`, for the account's shop."""
    author_followers: int | None = None
    has_attachment: bool | None = None
    labels: frozenset[str] = frozenset()
    severity: Severity = "none"
    """What the conversation already carries."""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """One line of a signal's sum."""

    reason: str
    points: float


@dataclass(frozen=True, slots=True)
class Suggested:
    """A step proposed to a person: `kind` is `move_to_private`, `reply`, `hide` or `answer`."""

    kind: str
    template: str
    rule: str


@dataclass(frozen=True, slots=True)
class Step:
    """One condition of one rule, and what it found. `holds` None: could not be decided."""

    condition: str
    holds: bool | None
    why: str
    spans: tuple[tuple[int, int], ...] = ()
    """Where in the message's text the deciding words stand: [start, end) in characters."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule against one message: applied, did not apply, or could not be decided, and why."""

    rule: str
    applied: bool | None
    steps: tuple[Step, ...]
    place: str
    """file:line of the rule."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the playbook says about one message. The same object decides and explains."""

    rules: tuple[str, ...]
    undecided: tuple[str, ...]
    severity: Severity
    labels: tuple[str, ...]
    suggestions: tuple[Suggested, ...]
    automatic_reply: str | None
    """A template's name."""
    automatic_reply_rule: str | None
    assign: str | None
    """A team's or a person's name, as the playbook writes it."""
    hold_replies: str | None
    notify: tuple[str, ...]
    answers: tuple[str, ...]
    """Prepared answers to hard questions that fit: template names."""
    complaint: ComplaintLevel
    score: float
    points: tuple[Points, ...]
    why: tuple[str, ...]
    """Sentences a person can read."""
    checks: tuple[Check, ...]
    """Every rule; empty unless asked for."""
    language: str
    playbook: str
    """The content hash of the playbook that decided."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    signals: Mapping[str, str] = field(default_factory=dict)
    """The level each signal other than `complaint` reached, where it reached one."""
    raise_level: int | None = None
    """A crisis level a rule asks for at once."""
    automatic_reply_public: bool = False
    """The rule lets the automatic reply answer publicly. Without it a public message gets none, only a proposal."""


@dataclass(frozen=True, slots=True)
class Team:
    """People who answer, and where they are told."""

    name: str
    members: tuple[str, ...]
    notify: tuple[str, ...]
    """Addresses in apprise's form, such as mailto:// or slack://."""
    backup: str | None
    """The team that is told where this one does not react."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Business hours of one name."""

    name: str
    week: tuple[tuple[tuple[int, int], ...], ...]
    """Seven days from Monday; each a tuple of (from, to) in minutes since midnight, 1440 is the day's end."""
    holidays: tuple[str, ...]
    """Country, or country-state, such as AT or DE-BY."""
    holiday_categories: tuple[str, ...]
    closed: frozenset[date]


@dataclass(frozen=True, slots=True)
class Target:
    """Response-time targets. `hours` None means around the clock."""

    first_response: timedelta | None
    next_response: timedelta | None
    resolution: timedelta | None
    hours: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Actions:
    """What follows when a rule applies."""

    assign: str | None = None
    labels: tuple[str, ...] = ()
    suggestions: tuple[tuple[str, str], ...] = ()
    """Pairs of kind and template."""
    reply: str | None = None
    reply_in_public: bool = False
    """The rule says that its automatic reply may answer a public message publicly."""
    hold_replies: str | None = None
    notify: tuple[str, ...] = ()
    severity: Severity = "none"
    raise_level: int | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """Too many of something within a time, and the level that follows."""

    name: str
    count: Mapping[str, tuple[str, ...]]
    """Which judged messages count: label, rule, severity_at_least, channel, account, kind, visibility, language."""
    at_least: int
    people: int
    """Distinct authors needed."""
    within: timedelta
    times_usual: float | None
    level: int
    cooldown: timedelta
    place: str


@dataclass(frozen=True, slots=True)
class Level:
    """A crisis level 0-6 and how the house behaves in it."""

    number: int
    title: str
    notify: tuple[str, ...]
    automatic_replies: str
    """`normal`, `none` (frozen), or the name of a template that replaces them."""
    hold_replies: str | None
    targets: str | None
    """A severity whose targets hold for everything while the level lasts."""
    expires: timedelta | None
    checklist: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What checking a playbook found. It may be published when there are no mistakes."""

    mistakes: tuple[Any, ...]
    """Each a Mistake with file, line, message and fix."""
    warnings: tuple[Any, ...]
    """The same form: nothing is wrong, but somebody should look."""
    rules: int
    examples: int
    scenarios: int

    @property
    def ok(self) -> bool:
        """Whether the playbook passes."""
        return not self.mistakes
