"""The only interpreter of rules. Explaining is the same run, asked to write down what it sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

from crisis_playbook.conditions import all_hold
from crisis_playbook.evidence import Evidence
from crisis_playbook.explain import check_of, sentence_of
from crisis_playbook.model import SEVERITIES, Actions, Check, ComplaintLevel, Decision, Facts, Suggested
from crisis_playbook.phrases import Seen
from crisis_playbook.playbook import Playbook, Rule
from crisis_playbook.signals import NO_SUM

COMPLAINT = "complaint"


def evaluate(playbook: Playbook, facts: Facts, explain: bool = False, words: bool = True) -> Decision:
    """What the playbook says about one message; with `explain`, also every rule's check.

    Without `words` the same decision is made, `why` and `points` stay empty and the language is only what was told:
    for comparing many decisions.

    Signals are summed up first, from what is known of the message and its conversation before. Then rules are asked in
    order; the first that applies decides, unless it says `continue: true`. A rule that cannot be
    decided applies nothing, is named in `undecided`, and the rules after it are asked as if it did not apply.
    Pure: the same playbook and facts give the same decision.
    """
    return judged(playbook, Evidence(facts, playbook.vocabulary), explain, words)


def judged(playbook: Playbook, evidence: Evidence, explain: bool, words: bool) -> Decision:
    """`evaluate` of a message whose words were found already."""
    evidence.add_up()
    said = _Said(words or explain)
    if explain:
        _explain(playbook, evidence, said)
    else:
        _ask(playbook, evidence, said)
    return _decision(playbook, evidence, said, explain)


@dataclass(slots=True)
class _Said:
    """What the rules said, in their order."""

    in_words: bool
    undecided: list[Rule] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    why: list[str] = field(default_factory=list)


def _ask(playbook: Playbook, evidence: Evidence, said: _Said) -> None:
    """Ask those rules that may apply; those after one that applied see its labels and severity."""
    standing = playbook.circumstances.of(evidence.facts)
    ready, found, applied, why = standing.ready, evidence.found, evidence.applied, said.why
    for number in standing.index.candidates(found):
        rule, asking, goes_on, words, before, after = ready[number]
        if asking:
            held = all_hold(asking, evidence)
            if not held:
                if held is None:
                    said.undecided.append(rule)
                continue
        if said.in_words:
            hit = found[words] if words is not None else None
            why.append(f"{before}{hit.quoted}{after}" if type(hit) is Seen else rule.applied.of(evidence))
        applied.append(rule)
        if not goes_on:
            return


def _explain(playbook: Playbook, evidence: Evidence, said: _Said) -> None:
    """Ask every rule and write down what it answers, also where one before it has decided."""
    decided_by: str | None = None
    for rule in playbook.rules:
        held = rule.when.holds(evidence)
        said.checks.append(check_of(rule, held, evidence, decided_by))
        if decided_by is not None:
            continue
        if held:
            said.why.append(rule.applied.of(evidence))
            evidence.applied.append(rule)
            decided_by = None if rule.goes_on else rule.name
        elif held is None:
            said.undecided.append(rule)


def _together(applied: list[Rule]) -> Actions:
    """What rules ask for together: severity only rises, the first assignment and reply stay.

    Without labels, which most rules ask for and nothing else, and without suggestions: each keeps the name of its rule.
    """
    if not applied:
        return _NOTHING
    every = [rule.then for rule in applied]
    if len(every) == 1:
        return every[0]
    replying = next((then for then in every if then.reply is not None), _NOTHING)
    return Actions(
        assign=next((then.assign for then in every if then.assign), None),
        reply=replying.reply,
        reply_in_public=replying.reply_in_public,
        hold_replies=next((then.hold_replies for then in every if then.hold_replies), None),
        notify=tuple(dict.fromkeys([team for then in every for team in then.notify])),
        severity=max([then.severity for then in every], key=SEVERITIES.index),
        raise_level=max([then.raise_level for then in every if then.raise_level is not None], default=None),
    )


_NOTHING = Actions()


def _decision(playbook: Playbook, evidence: Evidence, said: _Said, explain: bool) -> Decision:
    applied = evidence.applied
    more = [rule for rule in applied if not rule.only_labels]
    then = _together(more)
    why, reply = said.why, then.reply
    suggestions = [Suggested(kind, template, rule.name) for rule in more for kind, template in rule.then.suggestions]
    reply_rule = next((rule.name for rule in more if rule.then.reply is not None), None)
    if said.undecided and said.in_words:
        why += [sentence_of(rule, None, evidence) for rule in said.undecided]
    if reply is not None and (only_proposed := _only_proposed(then, evidence)):
        suggestions.append(Suggested("reply", reply, reply_rule or ""))
        if said.in_words:
            why.append(f"the automatic reply {reply} is only proposed: {only_proposed}")
        reply, reply_rule = None, None
    answers = _answers(playbook, evidence)
    language_matters = explain or (said.in_words and (reply is not None or suggestions or answers))
    sums = {name: evidence.sum(name) for name in playbook.vocabulary.signals}
    complaint = sums.pop(COMPLAINT, NO_SUM)
    return Decision(
        rules=tuple([rule.name for rule in applied]),
        undecided=tuple([rule.name for rule in said.undecided]),
        severity=then.severity,
        labels=tuple(dict.fromkeys(chain.from_iterable([rule.labels for rule in applied]))),
        suggestions=tuple(dict.fromkeys(suggestions)),
        automatic_reply=reply,
        automatic_reply_rule=reply_rule,
        assign=then.assign,
        hold_replies=then.hold_replies,
        notify=then.notify,
        answers=answers,
        complaint=_complaint_level(complaint.level),
        score=complaint.score,
        points=evidence.points(COMPLAINT) if complaint.lines and said.in_words else (),
        why=tuple(why),
        checks=tuple(said.checks),
        language=(evidence.language if language_matters else evidence.facts.language) or "unknown",
        playbook=playbook.hash,
        signals={name: result.level for name, result in sums.items() if result.reached},
        raise_level=then.raise_level,
        automatic_reply_public=reply is not None and then.reply_in_public,
    )


def _only_proposed(then: Actions, evidence: Evidence) -> str | None:
    """Why a person has to send what a rule would send by itself; None where nothing stands against it."""
    if then.hold_replies is not None:
        return "replies are held"
    if evidence.facts.visibility == "public" and not then.reply_in_public:
        return "the message is public, and the rule does not say reply: {public: …}"
    return None


def _answers(playbook: Playbook, evidence: Evidence) -> tuple[str, ...]:
    if not playbook.questions:
        return ()
    questions = [playbook.questions[number] for number in playbook.question_index.candidates(evidence.found)]
    return tuple(dict.fromkeys(question.answer for question in questions if question.when.holds(evidence)))


def _complaint_level(level: str) -> ComplaintLevel:
    return "likely" if level == "likely" else "possible" if level == "possible" else "none"
