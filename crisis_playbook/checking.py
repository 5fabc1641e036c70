"""`check`: everything that must be right before a playbook is published, and what somebody should look at."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from crisis_playbook.document import Place
from crisis_playbook.evaluate import evaluate
from crisis_playbook.examples import facts_of
from crisis_playbook.load import load
from crisis_playbook.mistakes import Mistake, PlaybookErrors
from crisis_playbook.model import Report
from crisis_playbook.playbook import Playbook
from crisis_playbook.scenarios import scenario_directory, scenario_mistakes


def check(
    directory: str | Path, templates: Collection[str] | None = None, channels: Collection[str] | None = None
) -> Report:
    """Schema, names, every rule's examples and the scenarios beside the rules. Never raises for a wrong playbook."""
    try:
        playbook = load(directory, templates, channels)
    except PlaybookErrors as errors:
        return Report(errors.mistakes, (), rules=0, examples=0, scenarios=0)
    count, mistakes = scenario_mistakes(playbook, scenario_directory(directory))
    return Report(
        mistakes=tuple(mistakes),
        warnings=tuple(warnings(playbook)),
        rules=len(playbook.rules),
        examples=sum(len(rule.examples) for rule in playbook.rules),
        scenarios=count,
    )


def warnings(playbook: Playbook) -> Iterator[Mistake]:
    """What is allowed and yet worth a look: examples an earlier rule takes, missing near misses, silent alarms."""
    for rule in playbook.rules:
        if rule.examples and all(example.applies for example in rule.examples):
            yield _place(rule.place).mistake(f"rule {rule.name} has no near miss", "add 'does_not_apply: [a message]'")
        for example in rule.examples:
            decision = evaluate(playbook, facts_of(rule, example), words=False) if example.applies else None
            if decision is not None and rule.name not in decision.rules and decision.rules:
                message = f"in the whole playbook rule {decision.rules[-1]} decides this example before {rule.name}"
                yield _place(example.place).mistake(message, "order the rules, or let the earlier one 'continue: true'")
    for alarm in playbook.alarms.values():
        unset = [label for label in alarm.count.get("label", ()) if label not in playbook.labels]
        if unset:
            message = f"alarm {alarm.name} counts the label '{unset[0]}', which no rule sets"
            yield _place(alarm.place).mistake(message, "set it in a rule, or only people will set it")


def _place(text: str) -> Place:
    file, _, line = text.rpartition(":")
    return Place(file, int(line))
