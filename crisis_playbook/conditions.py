"""The vocabulary under `when:`. Each condition answers yes, no, or None: it cannot be told.

A condition decides in `holds`; `why` and `spans` only put into words what `holds` has seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from crisis_playbook.evidence import Evidence, Span

SEVERITIES = ("none", "watch", "urgent", "crisis")
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


class Varied:
    """What holds on different messages for different reasons."""

    __slots__ = ()

    def always(self) -> str:
        return ""


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


@dataclass(frozen=True, slots=True)
class AllOf(Varied):
    """Every condition of a mapping holds."""

    parts: tuple[Condition, ...]

    @property
    def text(self) -> str:
        return "{" + ", ".join(part.text for part in self.parts) + "}"

    def holds(self, evidence: Evidence) -> bool | None:
        unknown = False
        for part in self.parts:
            held = part.holds(evidence)
            if held is False:
                return False
            unknown = unknown or held is None
        return None if unknown else True

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
