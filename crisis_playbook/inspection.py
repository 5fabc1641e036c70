"""`inspect`: a playbook that is being written, with every example and scenario green or red."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from crisis_playbook.checking import warnings
from crisis_playbook.examples import example_mistake
from crisis_playbook.load import read_playbook
from crisis_playbook.mistakes import Mistake, PlaybookErrors
from crisis_playbook.playbook import Playbook
from crisis_playbook.scenarios import read_scenarios, run


@dataclass(frozen=True, slots=True)
class JudgedExample:
    """One example of a rule, and whether the rule does as it says."""

    rule: str
    text: str
    applies: bool
    """What the example says."""
    place: str
    mistake: Mistake | None


@dataclass(frozen=True, slots=True)
class JudgedScenario:
    """One scenario, or a scenario file that cannot be read, with what is wrong."""

    name: str
    file: str
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """A whole playbook, judged. `playbook` is None where its files cannot be read."""

    playbook: Playbook | None
    mistakes: tuple[Mistake, ...]
    """All of them: in the files, in examples and in scenarios."""
    warnings: tuple[Mistake, ...] = ()
    examples: tuple[JudgedExample, ...] = ()
    scenarios: tuple[JudgedScenario, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it may be published."""
        return not self.mistakes


def inspect(
    files: Mapping[str, bytes],
    templates: Collection[str] | None = None,
    channels: Collection[str] | None = None,
    scenarios: Mapping[str, bytes] | None = None,
) -> Inspection:
    """Judge files (names to bytes) with the scenario files given. Never raises for a wrong playbook."""
    try:
        playbook = read_playbook(files, templates, channels)
    except PlaybookErrors as errors:
        return Inspection(None, errors.mistakes)
    examples = tuple(
        JudgedExample(rule.name, one.text, one.applies, one.place, example_mistake(playbook, rule, one))
        for rule in playbook.rules
        for one in rule.examples
    )
    judged = tuple(
        scenario for name in sorted(scenarios or {}) for scenario in _judged(playbook, name, (scenarios or {})[name])
    )
    wrong = [one.mistake for one in examples if one.mistake is not None]
    wrong += [mistake for scenario in judged for mistake in scenario.mistakes]
    return Inspection(playbook, tuple(wrong), tuple(warnings(playbook)), examples, judged)


def _judged(playbook: Playbook, name: str, content: bytes) -> list[JudgedScenario]:
    file = f"scenarios/{name}"
    try:
        timelines = read_scenarios(playbook, file, content)
    except PlaybookErrors as errors:
        return [JudgedScenario(name, file, errors.mistakes)]
    return [JudgedScenario(one.name, file, tuple(run(playbook, one))) for one in timelines]
