"""The sentence that a rule applied: what it says of every message is put together once, when the rule is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field

from crisis_playbook.conditions import Condition
from crisis_playbook.evidence import Evidence
from crisis_playbook.text_conditions import FOUND, HasWords


@dataclass(frozen=True, slots=True)
class Sentence:
    """How a rule of this name and these conditions tells that it applied: every condition's reason, each once."""

    name: str
    parts: tuple[Condition, ...]
    _telling: Condition | None = field(init=False, repr=False, compare=False)
    """The only condition that says something else of each message; None where there are none or several."""
    words: int | None = field(init=False, repr=False, compare=False)
    """The list of which that condition quotes the words it found; None where it says something else."""
    before: str = field(init=False, repr=False, compare=False)
    """What is said before them, or before what the condition says."""
    after: str = field(init=False, repr=False, compare=False)
    _same: frozenset[str] = field(init=False, repr=False, compare=False)
    """What the other conditions say."""

    def __post_init__(self) -> None:
        said = [part.always() for part in self.parts]
        telling = said.index("") if said.count("") == 1 else len(said)
        before, after = list(dict.fromkeys(said[:telling])), list(dict.fromkeys(said[telling + 1 :]))
        prepared = telling < len(said) and not set(before) & set(after)
        only = self.parts[telling] if prepared else None
        object.__setattr__(self, "_telling", only)
        object.__setattr__(self, "words", only.words if isinstance(only, HasWords) else None)
        opening = f"rule {self.name} applied: {''.join(f'{one}; ' for one in before)}"
        object.__setattr__(self, "before", f"{opening}{FOUND}" if self.words is not None else opening)
        object.__setattr__(self, "after", "".join(f"; {one}" for one in after))
        object.__setattr__(self, "_same", frozenset(said))

    def of(self, evidence: Evidence) -> str:
        """The sentence for a message on which all the conditions hold."""
        if self.words is not None:
            return f"{self.before}{evidence.words(self.words)}{self.after}"
        if self._telling is not None:
            why = self._telling.why(evidence)
            if why not in self._same:
                return f"{self.before}{why}{self.after}"
        return f"rule {self.name} applied: {'; '.join(dict.fromkeys([part.why(evidence) for part in self.parts]))}"
