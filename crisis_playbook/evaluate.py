"""The only interpreter of rules. Explaining is the same run, asked to write down what it sees."""

from __future__ import annotations

from dataclasses import dataclass, field

from crisis_playbook.conditions import SEVERITIES
from crisis_playbook.evidence import Evidence
from crisis_playbook.explain import check_of, sentence_of
from crisis_playbook.model import Check, ComplaintLevel, Decision, Facts, Severity, Suggested
from crisis_playbook.playbook import Playbook, Rule
from crisis_playbook.signals import NONE

COMPLAINT = "complaint"


def evaluate(playbook: Playbook, facts: Facts, explain: bool = False, words: bool = True) -> Decision:
    """What the playbook says about one message; with `explain`, also every rule's check.

    Without `words` the same decision is made, `why` and `points` stay empty and the language is only what was told:
    for comparing many decisions.

    Rules are asked in order; the first that applies decides, unless it says `continue: true`. A rule that cannot be
    decided applies nothing, is named in `undecided`, and the rules after it are asked as if it did not apply.
    Pure: the same playbook and facts give the same decision.
    """
    evidence = Evidence(facts, playbook.vocabulary)
    outcome = _Outcome(words or explain)
    numbers = range(len(playbook.rules)) if explain else playbook.index.candidates(evidence.found)
    for number in numbers:
        rule = playbook.rules[number]
        held = None if outcome.decided_by and not explain else rule.when.holds(evidence)
        if explain:
            outcome.checks.append(check_of(rule, held, evidence, outcome.decided_by))
        if outcome.decided_by:
            continue
        if held:
            outcome.apply(rule, evidence)
            if not rule.goes_on and not explain:
                break
        elif held is None:
            outcome.undecided.append(rule)
    return _decision(playbook, evidence, outcome, explain)


@dataclass(slots=True)
class _Outcome:
    """What the rules that applied so far have added up to."""

    in_words: bool
    applied: list[Rule] = field(default_factory=list)
    undecided: list[Rule] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    severity: Severity = "none"
    labels: dict[str, None] = field(default_factory=dict)
    suggestions: list[Suggested] = field(default_factory=list)
    notify: dict[str, None] = field(default_factory=dict)
    reply: tuple[str, str] | None = None
    reply_in_public: bool = False
    assign: str | None = None
    hold_replies: str | None = None
    raise_level: int | None = None
    decided_by: str | None = None

    def apply(self, rule: Rule, evidence: Evidence) -> None:
        """Add one rule's actions: severity only rises, labels add up, the first assignment and reply stay."""
        then = rule.then
        self.applied.append(rule)
        if self.in_words:
            self.why.append(sentence_of(rule, True, evidence))
        if SEVERITIES.index(then.severity) > SEVERITIES.index(self.severity):
            self.severity = then.severity
        if SEVERITIES.index(then.severity) > SEVERITIES.index(evidence.severity):
            evidence.severity = then.severity
        self.labels |= dict.fromkeys(then.labels)
        evidence.labels.update(then.labels)
        self.suggestions += [Suggested(kind, template, rule.name) for kind, template in then.suggestions]
        self.notify |= dict.fromkeys(then.notify)
        self.assign = self.assign or then.assign
        self.hold_replies = self.hold_replies or then.hold_replies
        if self.reply is None and then.reply is not None:
            self.reply, self.reply_in_public = (then.reply, rule.name), then.reply_in_public
        if then.raise_level is not None:
            self.raise_level = max(then.raise_level, self.raise_level or 0)
        if not rule.goes_on:
            self.decided_by = rule.name


def _decision(playbook: Playbook, evidence: Evidence, outcome: _Outcome, explain: bool) -> Decision:
    reply, reply_rule = outcome.reply or (None, None)
    suggestions = outcome.suggestions
    if outcome.in_words:
        outcome.why += [sentence_of(rule, None, evidence) for rule in outcome.undecided]
    only_proposed = _only_proposed(outcome, evidence)
    if reply is not None and only_proposed is not None:
        suggestions = [*suggestions, Suggested("reply", reply, reply_rule or "")]
        if outcome.in_words:
            outcome.why.append(f"the automatic reply {reply} is only proposed: {only_proposed}")
        reply, reply_rule = None, None
    answers = _answers(playbook, evidence)
    language_matters = explain or (outcome.in_words and (reply is not None or suggestions or answers))
    sums = {name: evidence.sum(name) for name in playbook.vocabulary.signals}
    complaint = sums.pop(COMPLAINT, None)
    points = evidence.points(COMPLAINT) if complaint and outcome.in_words else ()
    return Decision(
        rules=tuple(rule.name for rule in outcome.applied),
        undecided=tuple(rule.name for rule in outcome.undecided),
        severity=outcome.severity,
        labels=tuple(outcome.labels),
        suggestions=tuple(dict.fromkeys(suggestions)),
        automatic_reply=reply,
        automatic_reply_rule=reply_rule,
        assign=outcome.assign,
        hold_replies=outcome.hold_replies,
        notify=tuple(outcome.notify),
        answers=answers,
        complaint=_complaint_level(complaint.level if complaint else NONE),
        score=complaint.score if complaint else 0.0,
        points=points,
        why=tuple(outcome.why),
        checks=tuple(outcome.checks),
        language=(evidence.language if language_matters else evidence.facts.language) or "unknown",
        playbook=playbook.hash,
        signals={name: result.level for name, result in sums.items() if result.reached},
        raise_level=outcome.raise_level,
        automatic_reply_public=reply is not None and outcome.reply_in_public,
    )


def _only_proposed(outcome: _Outcome, evidence: Evidence) -> str | None:
    """Why a person has to send what a rule would send by itself; None where nothing stands against it."""
    if outcome.hold_replies is not None:
        return "replies are held"
    if evidence.facts.visibility == "public" and not outcome.reply_in_public:
        return "the message is public, and the rule does not say reply: {public: …}"
    return None


def _answers(playbook: Playbook, evidence: Evidence) -> tuple[str, ...]:
    if not playbook.questions:
        return ()
    questions = [playbook.questions[number] for number in playbook.question_index.candidates(evidence.found)]
    return tuple(dict.fromkeys(question.answer for question in questions if question.when.holds(evidence)))


def _complaint_level(level: str) -> ComplaintLevel:
    return "likely" if level == "likely" else "possible" if level == "possible" else "none"
