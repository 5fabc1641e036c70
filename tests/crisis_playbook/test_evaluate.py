"""The one interpreter: order, continue, what adds up, and that explaining is the same run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisis_playbook import Facts, Playbook, evaluate, target_for
from tests.crisis_playbook.playbooks import loaded, with_rules

WHOLE = loaded()
BRANCHES = with_rules(
    """\
  - {rule: a, when: {text_any: [kaputt, alt]}, then: [{label: a}], continue: true, examples: {applies: [alt]}}
  - {rule: b, when: {topic: t, visibility: public}, then: [{label: b}, {reply: {public: rb}}],
     examples: {applies: [neu]}}
  - {rule: c, when: {any: [{text_all: [neu, gut]}, {sign: negation}]}, then: [{label: c}], examples: {applies: [kein]}}
  - {rule: d, when: {not: {text_any: [gut]}, hours: open}, then: [{label: d}], examples: {applies: [x]}}
  - {rule: e, when: {pattern: 'g.t'}, then: [{label: e}, {hold_replies: for_approval}], examples: {applies: [gut]}}
  - {rule: f, when: {complaint: possible}, then: [{label: f}], examples: {applies: [kaputt]}}
""",
    """\
topics: {t: {any: [neu, "sehr *gut"], not: [nicht neu]}}
signals: {complaint: {points: [{text_any: [kaputt], points: 2}], levels: {possible: 2, likely: 3}}}
""",
)
WORDS = ["kaputt", "alt", "neu", "gut", "sehr", "nicht", "kein", "x", "!!", "saugut"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
FACTS = st.builds(
    Facts,
    text=TEXTS,
    visibility=st.sampled_from([None, "public", "private"]),
    hours=st.sampled_from([None, "open", "closed"]),
    spoken_by=st.sampled_from([None, "customer", "us"]),
    first_of_conversation=st.sampled_from([None, True, False]),
)


@settings(max_examples=300)
@given(FACTS, st.sampled_from([WHOLE, BRANCHES]))
def test_explaining_decides_the_same(facts: Facts, playbook: Playbook) -> None:
    plain, explained = evaluate(playbook, facts), evaluate(playbook, facts, explain=True)
    assert replace(explained, checks=(), language=plain.language) == plain
    assert tuple(check.rule for check in explained.checks) == tuple(rule.name for rule in playbook.rules)
    assert {check.rule for check in explained.checks if check.applied} == set(plain.rules)
    assert {check.rule for check in explained.checks if check.applied is None} == set(plain.undecided)


REASONS = with_rules(
    """\
  - {rule: a, when: {visibility: public, text_any: [kaputt, sehr gut]}, then: [{label: a}], continue: true,
     examples: {applies: [kaputt]}}
  - {rule: b, when: {hours: [open, closed], visibility: public}, then: [{label: b}], continue: true}
  - {rule: c, when: {text_any: [kaputt], any: [{text_any: [kaputt]}, {visibility: private}], visibility: public},
     then: [{label: c}], continue: true, examples: {applies: [kaputt]}}
  - {rule: d, when: {not: {visibility: private}, visibility: public, addressed: true}, then: [{label: d}],
     continue: true}
""",
    "topics: {t: {any: [neu]}}\n",
)


@settings(max_examples=100)
@given(FACTS, st.sampled_from([WHOLE, REASONS]))
def test_a_rule_that_applied_tells_the_reason_of_every_condition_once(facts: Facts, playbook: Playbook) -> None:
    explained = evaluate(playbook, facts, explain=True)
    applied = [check for check in explained.checks if check.applied]
    reasons = [(check.rule, "; ".join(dict.fromkeys(step.why for step in check.steps))) for check in applied]
    assert explained.why[: len(applied)] == tuple(f"rule {rule} applied: {why}" for rule, why in reasons)


@settings(max_examples=100)
@given(FACTS, st.sampled_from([WHOLE, BRANCHES]))
def test_without_words_the_decision_is_the_same(facts: Facts, playbook: Playbook) -> None:
    plain = evaluate(playbook, facts)
    bare = evaluate(playbook, facts, words=False)
    assert bare == replace(plain, why=(), points=(), language=facts.language or "unknown")


@settings(max_examples=100)
@given(FACTS, st.sampled_from([WHOLE, BRANCHES]))
def test_every_place_in_an_explanation_lies_in_the_text(facts: Facts, playbook: Playbook) -> None:
    for check in evaluate(playbook, facts, explain=True).checks:
        for step in check.steps:
            assert all(0 <= start < end <= len(facts.text) for start, end in step.spans)


def test_the_first_rule_that_applies_decides() -> None:
    decision = evaluate(WHOLE, Facts("Explodiert! Frechheit, kaputt!", visibility="public"))
    assert decision.rules == ("product-injury",)
    assert decision.severity == "crisis"
    assert decision.assign == "safety"
    assert decision.notify == ("safety",)
    assert decision.hold_replies == "for_approval"
    assert [(s.kind, s.template, s.rule) for s in decision.suggestions] == [
        ("move_to_private", "first-contact", "product-injury")
    ]
    assert decision.playbook == WHOLE.hash


def test_continue_goes_on_and_actions_add_up() -> None:
    decision = evaluate(BRANCHES, Facts("alt und neu", visibility="public"))
    assert decision.rules == ("a", "b")
    assert decision.labels == ("a", "b")
    assert (decision.automatic_reply, decision.automatic_reply_rule) == ("rb", "b")


def test_a_later_rule_says_that_an_earlier_one_had_decided() -> None:
    checks = evaluate(BRANCHES, Facts("neu kein", visibility="public"), explain=True).checks
    by_rule = {check.rule: check for check in checks}
    assert by_rule["c"].applied is False
    assert by_rule["c"].steps[-1].why == "the rule b had decided already"


def test_held_replies_turn_an_automatic_reply_into_a_proposal() -> None:
    rules = """\
  - {rule: hold, when: {visibility: private}, then: [{hold_replies: for_approval}], continue: true}
  - {rule: reply, when: {visibility: private}, then: [{reply: hello}]}
"""
    decision = evaluate(with_rules(rules), Facts("Hallo", visibility="private"))
    assert decision.automatic_reply is None
    assert [(s.kind, s.template, s.rule) for s in decision.suggestions] == [("reply", "hello", "reply")]


@pytest.mark.parametrize(
    ("reply", "visibility", "automatic", "public", "proposed"),
    [
        ("hello", "private", "hello", False, []),
        ("hello", "public", None, False, ["hello"]),
        ("{public: hello}", "public", "hello", True, []),
        ("{public: hello}", "private", "hello", True, []),
        ("hello", None, "hello", False, []),
    ],
)
def test_an_automatic_reply_is_public_only_where_the_rule_says_so(
    reply: str, visibility: str | None, automatic: str | None, public: bool, proposed: list[str]
) -> None:
    rules = f"  - {{rule: greet, when: {{spoken_by: customer}}, then: [{{reply: {reply}}}]}}\n"
    decision = evaluate(with_rules(rules), Facts("Hallo", visibility=visibility))
    assert (decision.automatic_reply, decision.automatic_reply_public) == (automatic, public)
    assert [(one.kind, one.template, one.rule) for one in decision.suggestions] == [
        ("reply", template, "greet") for template in proposed
    ]
    assert any("only proposed" in line for line in decision.why) is bool(proposed)


def test_a_sum_lists_every_line_that_counted_with_its_words() -> None:
    decision = evaluate(WHOLE, Facts("Paket nicht angekommen, Frechheit!", visibility="public"))
    assert decision.complaint == "likely"
    assert decision.score == 4
    assert [(line.reason, line.points) for line in decision.points] == [
        ('topic complaint: "nicht angekommen", "Frechheit"', 2),
        ('topic complaint (2 times): "nicht angekommen", "Frechheit"', 1),
        ('a negation: "nicht"', 1),
    ]
    assert decision.score == sum(line.points for line in decision.points)
    assert decision.why == (
        "rule public-complaint applied: visibility is public; addressed is true; the complaint signal reached "
        '"likely" with 4 points: topic complaint: "nicht angekommen", "Frechheit" +2, topic complaint (2 times): '
        '"nicht angekommen", "Frechheit" +1, a negation: "nicht" +1',
    )


@pytest.mark.parametrize(
    ("text", "level"), [("Tasse", "none"), ("Tasse kaputt", "possible"), ("kaputt, Reklamation", "likely")]
)
def test_levels_are_reached_at_their_points(text: str, level: str) -> None:
    assert evaluate(WHOLE, Facts(text)).complaint == level


def test_highlighted_words_are_those_of_the_original_text() -> None:
    text = "Euer Wasserkocher ist EXPLODIERT!!"
    (check, *_) = evaluate(WHOLE, Facts(text), explain=True).checks
    (topic,) = [step for step in check.steps if step.condition == "topic: injury"]
    assert [text[start:end] for start, end in topic.spans] == ["EXPLODIERT"]
    assert check.place == "10_rules.yml:2"


def test_prepared_answers_are_offered_where_they_fit() -> None:
    assert evaluate(WHOLE, Facts("Tasse kaputt", visibility="private")).answers == ("what-to-do",)
    assert evaluate(WHOLE, Facts("Tasse ganz", visibility="private")).answers == ()


def test_the_first_target_that_fits_counts() -> None:
    crisis = target_for(WHOLE, Facts("", severity="crisis", visibility="public"))
    public = target_for(WHOLE, Facts("", visibility="public"))
    assert crisis is not None
    assert public is not None
    assert (crisis.first_response, crisis.hours) == (timedelta(minutes=15), None)
    assert (public.first_response, public.next_response, public.hours) == (timedelta(hours=1), None, "support")
    assert target_for(WHOLE, Facts("", visibility="private")) is None


def test_hours_hold_days_in_minutes() -> None:
    hours = WHOLE.hours["support"]
    assert hours.week[0] == ((510, 720), (780, 1050))
    assert hours.week[4] == ((510, 840),)
    assert hours.week[6] == ()
    assert hours.holidays == ("AT",)
    assert [day.isoformat() for day in hours.closed] == ["2026-12-24"]


def test_what_the_files_define_can_be_asked_for() -> None:
    assert set(WHOLE.teams) == {"social", "safety"}
    assert WHOLE.teams["safety"].backup == "social"
    assert WHOLE.topics == ("complaint", "injury")
    assert WHOLE.labels == {"product-safety", "complaint"}
    assert WHOLE.templates == {"first-contact", "to-private", "first-reply", "what-to-do"}
    assert WHOLE.levels[4].expires == timedelta(hours=24)
    assert WHOLE.topics_in("Alles kaputt") == {"complaint": ((6, 12),)}


def test_signals_are_summed_up_before_the_rules_are_asked() -> None:
    playbook = with_rules(
        """\
  - {rule: a, when: {text_any: [kaputt]}, then: [{label: broken}], continue: true, examples: {applies: [kaputt]}}
  - {rule: b, when: {complaint: possible}, then: [{label: b}], examples: {applies: [nie wieder]}}
""",
        "signals: {complaint: {points: [{label: broken, points: 2}, {text_any: [nie wieder], points: 2}], "
        "levels: {possible: 2, likely: 3}}}\n",
    )
    assert evaluate(playbook, Facts("kaputt")).rules == ("a",)
    assert evaluate(playbook, Facts("kaputt", labels=frozenset(["broken"]))).rules == ("a", "b")
    assert evaluate(playbook, Facts("ganz", labels=frozenset(["broken"]))).rules == ("b",)


def test_a_not_phrase_takes_back_what_it_touches_or_stands_in_front_of_but_not_what_it_follows() -> None:
    topic = "topics: {broken: {any: [kaputt], not: [nicht]}}\n"
    rule = "  - {rule: a, when: {topic: broken}, then: [{label: a}], examples: {applies: [kaputt]}}\n"
    playbook = with_rules(rule, topic)
    texts = ["nicht kaputt", "nicht so kaputt", "kaputt nicht", "kaputt"]
    assert [evaluate(playbook, Facts(text)).rules for text in texts] == [(), ("a",), ("a",), ("a",)]
