"""The sentence that a rule applied: what it says of every message is put together once, when the rule is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field

from crisis_playbook.conditions import Condition
from crisis_playbook.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Sentence:
    """How a rule of this name and these conditions tells that it applied: every condition's reason, each once."""

    name: str
    parts: tuple[Condition, ...]
    _telling: Condition | None = field(init=False, repr=False, compare=False)
    """The only condition that says something else of each message; None where there are none or several."""
    _before: str = field(init=False, repr=False, compare=False)
    _after: str = field(init=False, repr=False, compare=False)
    _same: frozenset[str] = field(init=False, repr=False, compare=False)
    """What the other conditions say."""

    def __post_init__(self) -> None:
        said = [part.always() for part in self.parts]
        telling = said.index("") if said.count("") == 1 else len(said)
        before, after = list(dict.fromkeys(said[:telling])), list(dict.fromkeys(said[telling + 1 :]))
        prepared = telling < len(said) and not set(before) & set(after)
        object.__setattr__(self, "_telling", self.parts[telling] if prepared else None)
        object.__setattr__(self, "_before", f"rule {self.name} applied: {''.join(f'{one}; ' for one in before)}")
        object.__setattr__(self, "_after", "".join(f"; {one}" for one in after))
        object.__setattr__(self, "_same", frozenset(said))

    def of(self, evidence: Evidence) -> str:
        """The sentence for a message on which all the conditions hold."""
        if self._telling is not None:
            why = self._telling.why(evidence)
            if why not in self._same:
                return f"{self._before}{why}{self._after}"
        return f"rule {self.name} applied: {'; '.join(dict.fromkeys([part.why(evidence) for part in self.parts]))}"
