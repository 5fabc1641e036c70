"""The vocabulary under `when:`. Each condition answers yes, no, or None: it cannot be told.

A condition decides in `holds`; `why` and `spans` only put into words what `holds` has seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from crisis_playbook.evidence import Evidence, Span
from crisis_playbook.model import Facts

Gate = frozenset[int] | None
"""Word lists of which at least one must be found, or the condition is certainly false. None: no such certainty."""


class Condition(Protocol):
    """One condition of a rule."""

    @property
    def text(self) -> str:
        """The condition as the playbook writes it."""
        ...

    def holds(self, evidence: Evidence) -> bool | None:
        """Yes, no, or None where it cannot be told."""
        ...

    def why(self, evidence: Evidence) -> str:
        """What was found, in words a person can read."""
        ...

    def always(self) -> str:
        """What `why` says of every message on which it holds; empty where that depends on the message."""
        ...

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        """Where in the text the deciding words stand."""
        ...

    def quote(self, evidence: Evidence) -> str:
        """The deciding words as they are written, in quotes; empty where there are none to show."""
        ...

    def times(self, evidence: Evidence) -> int:
        """How often it was found; 1 where there is nothing to count."""
        ...

    def gate(self) -> Gate:
        """What must be found for it to hold at all."""
        ...

    def is_its_gate(self) -> bool:
        """Whether it certainly holds where its gate is open."""
        ...

    def told(self) -> frozenset[str]:
        """The facts it asks for that are told with a message, so that they can be asked before its text is read."""
        ...

    def stands(self, facts: Facts) -> bool | None:
        """Yes or no where that is certain from what is told alone; None where more must be asked, or is unknown."""
        ...


class Varied:
    """What holds on different messages for different reasons."""

    __slots__ = ()

    def always(self) -> str:
        return ""

    def is_its_gate(self) -> bool:
        return False

    def told(self) -> frozenset[str]:
        return frozenset()

    def stands(self, facts: Facts) -> bool | None:
        return None


class Plain(Varied):
    """What most conditions share: nothing to show in the text, nothing to count, no gate."""

    __slots__ = ()

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return ()

    def quote(self, evidence: Evidence) -> str:
        return ""

    def times(self, evidence: Evidence) -> int:
        return 1

    def gate(self) -> Gate:
        return None


def all_hold(conditions: tuple[Condition, ...], evidence: Evidence) -> bool | None:
    """Whether every one of the conditions holds; None where that cannot be told."""
    unknown = False
    for condition in conditions:
        held = condition.holds(evidence)
        if held is False:
            return False
        unknown = unknown or held is None
    return None if unknown else True


@dataclass(frozen=True, slots=True)
class AllOf(Varied):
    """Every condition of a mapping holds."""

    parts: tuple[Condition, ...]

    @property
    def text(self) -> str:
        return "{" + ", ".join(part.text for part in self.parts) + "}"

    def holds(self, evidence: Evidence) -> bool | None:
        return all_hold(self.parts, evidence)

    def why(self, evidence: Evidence) -> str:
        held = self.holds(evidence)
        telling = [part for part in self.parts if part.holds(evidence) is held] if held is not True else self.parts
        return " and ".join(part.why(evidence) for part in telling)

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return tuple(span for part in self.parts for span in part.spans(evidence))

    def quote(self, evidence: Evidence) -> str:
        return evidence.quote(self.spans(evidence))

    def times(self, evidence: Evidence) -> int:
        return self.parts[0].times(evidence) if self.parts else 1

    def gate(self) -> Gate:
        gates = [gate for part in self.parts if (gate := part.gate()) is not None]
        return min(gates, key=len) if gates else None

    def told(self) -> frozenset[str]:
        return frozenset().union(*[part.told() for part in self.parts])

    def stands(self, facts: Facts) -> bool | None:
        stand = [part.stands(facts) for part in self.parts]
        return False if False in stand else None if None in stand else True


@dataclass(frozen=True, slots=True)
class AnyOf(Varied):
    """`any`: at least one of several mappings holds."""

    parts: tuple[Condition, ...]

    @property
    def text(self) -> str:
        return f"any: [{', '.join(part.text for part in self.parts)}]"

    def holds(self, evidence: Evidence) -> bool | None:
        unknown = False
        for part in self.parts:
            held = part.holds(evidence)
            if held:
                return True
            unknown = unknown or held is None
        return None if unknown else False

    def why(self, evidence: Evidence) -> str:
        telling: Sequence[Condition] = [part for part in self.parts if part.holds(evidence)] or self.parts
        return " or ".join(part.why(evidence) for part in telling)

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        return tuple(span for part in self.parts if part.holds(evidence) for span in part.spans(evidence))

    def quote(self, evidence: Evidence) -> str:
        return evidence.quote(self.spans(evidence))

    def times(self, evidence: Evidence) -> int:
        return sum(1 for part in self.parts if part.holds(evidence))

    def gate(self) -> Gate:
        gates = [part.gate() for part in self.parts]
        known = [gate for gate in gates if gate is not None]
        return frozenset().union(*known) if len(known) == len(gates) else None

    def told(self) -> frozenset[str]:
        return frozenset().union(*[part.told() for part in self.parts])

    def stands(self, facts: Facts) -> bool | None:
        stand = [part.stands(facts) for part in self.parts]
        return True if True in stand else None if None in stand else False


@dataclass(frozen=True, slots=True)
class Not(Plain):
    """`not`: the mapping does not hold; what cannot be told stays so."""

    part: Condition

    @property
    def text(self) -> str:
        return f"not: {self.part.text}"

    def holds(self, evidence: Evidence) -> bool | None:
        held = self.part.holds(evidence)
        return None if held is None else not held

    def why(self, evidence: Evidence) -> str:
        return self.part.why(evidence)

    def told(self) -> frozenset[str]:
        return self.part.told()

    def stands(self, facts: Facts) -> bool | None:
        stands = self.part.stands(facts)
        return None if stands is None else not stands
