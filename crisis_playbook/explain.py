"""From conditions and what they found to checks and sentences a person can read."""

from __future__ import annotations

from crisis_playbook.evidence import Evidence, Span
from crisis_playbook.model import Check, Facts, Step
from crisis_playbook.playbook import Playbook, Rule


def check_of(rule: Rule, held: bool | None, evidence: Evidence, decided_by: str | None) -> Check:
    """One rule's check: every condition with what it found; `decided_by` names the rule that came before it."""
    steps = tuple(
        Step(part.text, part.holds(evidence), part.why(evidence), part.spans(evidence)) for part in rule.when.parts
    )
    if decided_by is not None:
        before = Step("earlier rules", False, f"the rule {decided_by} had decided already")
        return Check(rule.name, False, (*steps, before), rule.place)
    return Check(rule.name, held, steps, rule.place)


def sentence_of(rule: Rule, held: bool | None, evidence: Evidence) -> str:
    """One sentence: that the rule applied, did not apply, or could not be decided, and the telling conditions, each
    once: two conditions on one signal say the same."""
    if held:
        return rule.applied.of(evidence)
    telling = [part for part in rule.when.parts if part.holds(evidence) is held] or rule.when.parts
    verb = "did not apply" if held is False else "could not be decided"
    return f"rule {rule.name} {verb}: {'; '.join(dict.fromkeys([part.why(evidence) for part in telling]))}"


def deciding_words(playbook: Playbook, facts: Facts, rule: Rule) -> list[Span]:
    """Where in the text the words stand by which this rule applied, in order: [start, end) in characters.

    The same as the spans of its check, without asking all the other rules; `facts` carry the decision's labels.
    """
    evidence = Evidence(facts, playbook.vocabulary)
    return sorted({span for part in rule.when.parts for span in part.spans(evidence)})
