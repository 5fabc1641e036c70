"""The rules as they stand in some circumstances: what is told with a message beside its words, such as its channel,
is the same for many messages, so that conditions on it are asked once and not for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from crisis_playbook.conditions import Condition, Gate
from crisis_playbook.index import Index
from crisis_playbook.model import Facts

if TYPE_CHECKING:
    from crisis_playbook.playbook import Rule

MOST = 256
"""So many different circumstances are remembered; in any after them everything is asked of each message."""


class Ready(NamedTuple):
    """A rule in some circumstances: what is left to ask once its gate is open, and how it tells that it applied."""

    rule: Rule
    asking: tuple[Condition, ...]
    """Where there are none, it certainly applies."""
    goes_on: bool
    words: int | None
    """The list of which it quotes the words it found."""
    before: str
    after: str
    """What it says around them."""


class Standing:
    """All rules in some circumstances, without what is certain there."""

    __slots__ = ("index", "ready")

    def __init__(self, rules: Sequence[Rule], facts: Facts | None) -> None:
        """Where `facts` are not told, everything has to be asked."""
        gates: list[Gate] = []
        ready: list[Ready] = []
        for rule in rules:
            gate, left = rule.when.gate(), rule.when.parts
            if facts is not None:
                left = tuple([part for part in left if part.stands(facts) is not True])
                gate = frozenset() if any(part.stands(facts) is False for part in left) else gate
            gates.append(gate)
            told = rule.applied
            ready.append(Ready(rule, _unanswered(left, gate), rule.goes_on, told.words, told.before, told.after))
        self.index = Index(gates)
        self.ready = tuple(ready)


def _unanswered(parts: tuple[Condition, ...], gate: Gate) -> tuple[Condition, ...]:
    """Without the condition that holds because the gate is open."""
    answered = next((part for part in parts if part.is_its_gate() and part.gate() == gate), None)
    return tuple([part for part in parts if part is not answered])


class Circumstances:
    """From what is told with a message to the rules as they stand then. Safe to share between threads."""

    __slots__ = ("_everything", "_known", "_rules", "_told")

    def __init__(self, rules: Sequence[Rule]) -> None:
        asked = sorted({word for rule in rules for word in rule.when.told()})
        self._rules = rules
        self._told = attrgetter(*asked) if asked else None
        self._known: dict[object, Standing] = {}
        self._everything = Standing(rules, None)

    def of(self, facts: Facts) -> Standing:
        """The rules as they stand for a message of these facts."""
        if self._told is None:
            return self._everything
        told = self._told(facts)
        try:
            if told in self._known:
                return self._known[told]
        except TypeError:  # a value that is no word: no rule was written for it
            return self._everything
        if len(self._known) >= MOST:
            return self._everything
        self._known[told] = standing = Standing(self._rules, facts)
        return standing
