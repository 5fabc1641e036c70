"""Every word under `when:`: yes, no and cannot tell, and how they combine."""

from __future__ import annotations

from typing import Any

import pytest

from crisis_playbook import Facts, Playbook, evaluate
from crisis_playbook.when import VOCABULARY
from tests.crisis_playbook.playbooks import with_rules

TOPIC = "topics: {broken: {any: [kaputt, defekt*], not: [nicht kaputt, nie]}}\n"
SIGNAL = (
    TOPIC
    + """\
signals:
  complaint:
    points:
      - {topic: broken, points: 2}
      - {sign: repeated_marks, points: 1.5}
    levels: {possible: 2, likely: 3}
"""
)
Case = tuple[str, dict[str, Any], dict[str, Any], dict[str, Any] | None]

# The condition; facts for yes; facts for no; facts for cannot tell (None: it can always be told).
CASES: dict[str, Case] = {
    "channel": ("{channel: twitter}", {"channel": "twitter"}, {"channel": "facebook"}, {"channel": None}),
    "account": ("{account: shop}", {"account": "shop"}, {"account": "other"}, {"account": None}),
    "kind": ("{kind: [comment, mention]}", {"kind": "mention"}, {"kind": "direct_message"}, {"kind": None}),
    "visibility": ("{visibility: public}", {"visibility": "public"}, {"visibility": "private"}, {"visibility": None}),
    "language": ("{language: de}", {"text": "Wo ist mein Paket?"}, {"text": "Where is my order?"}, {"text": "!!!"}),
    "spoken_by": ("{spoken_by: us}", {"spoken_by": "us"}, {"spoken_by": "customer"}, {"spoken_by": None}),
    "addressed": ("{addressed: true}", {"addressed": True}, {"addressed": False}, {"addressed": None}),
    "first_of_conversation": (
        "{first_of_conversation: false}",
        {"first_of_conversation": False},
        {"first_of_conversation": True},
        {"first_of_conversation": None},
    ),
    "hours": ("{hours: closed}", {"hours": "closed"}, {"hours": "open"}, {"hours": None}),
    "has_attachment": ("{has_attachment: true}", {"has_attachment": True}, {"has_attachment": False}, {}),
    "severity": ("{severity: crisis}", {"severity": "crisis"}, {"severity": "urgent"}, None),
    "severity_at_least": ("{severity_at_least: urgent}", {"severity": "crisis"}, {"severity": "watch"}, None),
    "label": ("{label: [vip, press]}", {"labels": frozenset({"press"})}, {"labels": frozenset({"other"})}, None),
    "author_followers": (
        "{author_followers: {at_least: 10, at_most: 20}}",
        {"author_followers": 10},
        {"author_followers": 21},
        {"author_followers": None},
    ),
    "words": ("{words: {at_most: 2}}", {"text": "@shop ist kaputt ! http://a.example"}, {"text": "das ist es"}, None),
    "topic": ("{topic: broken}", {"text": "Tasse DEFEKT!"}, {"text": "Tasse nicht kaputt"}, None),
    "text_any": ("{text_any: [kaputt, hin]}", {"text": "alles hin"}, {"text": "hinten"}, None),
    "text_all": ("{text_all: [tasse, kaputt]}", {"text": "kaputt, die Tasse"}, {"text": "kaputt"}, None),
    "text_none": ("{text_none: [gratis]}", {"text": "kaputt"}, {"text": "GRATIS!"}, None),
    "pattern": (r"{pattern: 'nr\.? ?\d{3}'}", {"text": "Größe passt, Nr. 123"}, {"text": "Nr. 12"}, None),
    "sign": ("{sign: smile}", {"text": "danke :-)"}, {"text": "danke"}, None),
    "mentions_price": ("{mentions_price: true}", {"text": "nur 19,90 €"}, {"text": "um 19 Uhr"}, None),
    "signal": ("{complaint: possible}", {"text": "defekt!!"}, {"text": "toll!!"}, None),
    "signal's higher level": ("{complaint: likely}", {"text": "defekt!!"}, {"text": "defekt!"}, None),
    "any": (
        "{any: [{channel: twitter}, {text_any: [kaputt]}]}",
        {"text": "kaputt", "channel": None},
        {"text": "ganz", "channel": "facebook"},
        {"text": "ganz", "channel": None},
    ),
    "not": ("{not: {channel: twitter}}", {"channel": "facebook"}, {"channel": "twitter"}, {"channel": None}),
    "not of several": (
        "{not: {channel: twitter, hours: open}}",
        {"channel": "facebook"},
        {"channel": "twitter", "hours": "open"},
        {"channel": "twitter"},
    ),
    "several": (
        "{channel: twitter, hours: open}",
        {"channel": "twitter", "hours": "open"},
        {"channel": "facebook", "hours": None},
        {"channel": "twitter", "hours": None},
    ),
    "nested": (
        "{not: {any: [{text_any: [a1]}, {not: {addressed: true}}]}}",
        {"addressed": True},
        {"text": "a1", "addressed": None},
        {"addressed": None},
    ),
}


def alone(when: str) -> Playbook:
    """A playbook of one rule with this condition; the text of the case that holds is its example."""
    text = next((case[1].get("text", "etwas") for case in CASES.values() if case[0] == when), "etwas")
    rule = f"  - {{rule: it, when: {when}, then: [{{label: hit}}], examples: {{applies: [{text!r}]}}}}\n"
    return with_rules(rule, SIGNAL)


def judged(when: str, told: dict[str, Any], explain: bool = False) -> bool | None:
    """Whether the rule applied, did not, or could not be decided."""
    decision = evaluate(alone(when), Facts(**({"text": "etwas"} | told)), explain=explain)
    return True if decision.rules else None if decision.undecided else False


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_a_condition_holds_fails_or_cannot_be_told(name: str, explain: bool) -> None:
    when, yes, no, cannot_tell = CASES[name]
    assert judged(when, yes, explain) is True
    assert judged(when, no, explain) is False
    if cannot_tell is not None:
        assert judged(when, cannot_tell, explain) is None


def test_every_word_of_the_vocabulary_is_tested() -> None:
    assert set(VOCABULARY) <= set(CASES)


def test_what_cannot_be_told_applies_nothing_and_is_named() -> None:
    decision = evaluate(alone("{hours: closed}"), Facts("Hallo"))
    assert decision.undecided == ("it",)
    assert decision.labels == ()
    assert decision.why == ("rule it could not be decided: hours is not known",)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("die Tasse ist kaputt", True),
        ("die Tasse ist nicht kaputt", False),
        ("nicht kaputt, aber der Teller ist kaputt", True),
        ("nie kaputt", False),
        ("das mache ich nie wieder, Tasse kaputt", True),
    ],
)
def test_not_takes_back_the_words_it_covers_or_stands_in_front_of(text: str, fits: bool) -> None:
    assert bool(evaluate(alone("{topic: broken}"), Facts(text)).rules) is fits


def test_a_label_and_a_severity_set_by_an_earlier_rule_count() -> None:
    rules = """\
  - {rule: first, severity: urgent, when: {visibility: public}, then: [{label: seen}], continue: true}
  - {rule: by-label, when: {label: seen}, then: [{label: two}], continue: true}
  - {rule: by-severity, when: {severity_at_least: urgent}, then: [{label: three}]}
"""
    assert evaluate(with_rules(rules), Facts("x", visibility="public")).labels == ("seen", "two", "three")
    assert evaluate(with_rules(rules), Facts("x", visibility="private")).labels == ()
