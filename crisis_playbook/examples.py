"""Examples: the facts a text is judged with, and whether its rule did as the example says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from crisis_playbook.conditions import AllOf, AnyOf, Condition, Not
from crisis_playbook.document import Place
from crisis_playbook.evidence import Evidence
from crisis_playbook.fact_conditions import FactIs, HasLabel, SeverityAtLeast, Within
from crisis_playbook.mistakes import Mistake
from crisis_playbook.model import KINDS, SEVERITIES, VISIBILITIES, Facts
from crisis_playbook.playbook import Example, Playbook, Rule

_VALUES: dict[str, tuple[Any, ...]] = {
    "channel": ("facebook", "instagram", "twitter"),
    "kind": KINDS,
    "visibility": VISIBILITIES,
    "spoken_by": ("customer", "us"),
    "addressed": (True, False),
    "first_of_conversation": (True, False),
    "hours": ("open", "closed"),
    "has_attachment": (False, True),
    "severity": SEVERITIES,
}
_FIELDS = frozenset(field.name for field in fields(Facts))


def facts_of(rule: Rule, example: Example) -> Facts:
    """The facts an example is judged with.

    What the example gives counts. What it does not give is chosen so that the rule's own conditions on facts hold
    (the first value of a list, the first branch of `any`); everything else is an everyday public comment on Facebook,
    addressed to us, the first of its conversation, in opening hours, without attachment.
    """
    wanted = {name: value for condition in rule.when.parts for name, value in _wishes(condition)}
    given = dict(example.given)
    if "label" in given:
        given["labels"] = frozenset(given.pop("label"))  # type: ignore[call-overload]
    facts: dict[str, Any] = {name: values[0] for name, values in _VALUES.items()} | {"author_followers": 0}
    told = wanted | given
    if "visibility" in told and "kind" not in told:
        told["kind"] = "direct_message" if told["visibility"] == "private" else "comment"
    elif "kind" in told and "visibility" not in told:
        told["visibility"] = visibility_of(str(told["kind"]))
    return Facts(text=example.text, **(facts | {name: v for name, v in told.items() if name in _FIELDS}))


def visibility_of(kind: str) -> str:
    """Who reads a message of this kind where nothing else is told."""
    return "private" if kind == "direct_message" else "public"


def _wishes(condition: Condition) -> Iterator[tuple[str, Any]]:
    """Facts that make a condition hold, as far as facts can."""
    if isinstance(condition, FactIs):
        yield condition.word, condition.wanted[0]
    elif isinstance(condition, Within):
        yield condition.word, condition.at_least if condition.at_least is not None else condition.at_most
    elif isinstance(condition, HasLabel):
        yield "labels", frozenset(condition.labels[:1])
    elif isinstance(condition, SeverityAtLeast):
        yield "severity", condition.least
    elif isinstance(condition, AllOf):
        for part in condition.parts:
            yield from _wishes(part)
    elif isinstance(condition, AnyOf):
        yield from _wishes(condition.parts[0])
    elif isinstance(condition, Not):
        yield from _others(condition.part)


def _others(condition: Condition) -> Iterator[tuple[str, Any]]:
    """Facts that make a denied condition fail; where several are denied together, the first is enough."""
    parts = condition.parts[:1] if isinstance(condition, AllOf) else (condition,)
    for part in parts:
        if isinstance(part, FactIs):
            others = [value for value in _VALUES.get(part.word, ()) if value not in part.wanted]
            if others:
                yield part.word, others[0]
        elif isinstance(part, Within):
            yield part.word, (part.at_least or 1) - 1 if part.at_least else (part.at_most or 0) + 1


def example_mistakes(playbook: Playbook) -> Iterator[Mistake]:
    """Every example whose rule does not do as it says, judged by the rule alone."""
    for rule in playbook.rules:
        for example in rule.examples:
            mistake = example_mistake(playbook, rule, example)
            if mistake is not None:
                yield mistake


def example_mistake(playbook: Playbook, rule: Rule, example: Example) -> Mistake | None:
    """What is wrong where the rule does not do as its example says; None where it does."""
    evidence = Evidence(facts_of(rule, example), playbook.vocabulary)
    held = rule.when.holds(evidence)
    if (held is True) is example.applies:
        return None
    telling = next((p for p in rule.when.parts if p.holds(evidence) is held), rule.when)
    place = _place(example.place)
    shown = example.text if len(example.text) <= 60 else example.text[:59] + "…"
    if example.applies:
        message = f"rule {rule.name} does not apply to its example '{shown}': {telling.why(evidence)}"
        return place.mistake(message, "add the missing words, or move the example to does_not_apply")
    message = f"rule {rule.name} applies to '{shown}', which it must not: {rule.when.why(evidence)}"
    return place.mistake(message, "take the words back with 'not', or move the example to applies")


def _place(text: str) -> Place:
    file, _, line = text.rpartition(":")
    return Place(file, int(line))
