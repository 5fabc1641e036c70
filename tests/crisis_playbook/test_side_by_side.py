"""Two playbooks over the same messages: the short way says what judging each message twice says."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from crisis_playbook import Facts, Playbook, SideBySide, evaluate
from crisis_playbook.load import read_playbook
from tests.crisis_playbook.playbooks import BASICS, RULES

WORDS = ["kaputt", "alt", "neu", "gut", "nicht", "sehr", "danke", "!!", "3", "x"]
LISTS = st.lists(st.sampled_from(["kaputt", "alt", "ne*", "sehr gut", "*gut", "nicht", "nicht * gut"]), min_size=1,
                 max_size=4, unique=True)  # fmt: skip
LINES = [
    "{topic: t, points: 2}", "{topic: u, times: 2, points: 1}", "{sign: negation, points: 1}",
    "{text_any: [alt], points: 1}", "{text_any: [alt], points: -1}", "{sign: repeated_marks, points: 1}",
    "{visibility: private, points: 1}",
]  # fmt: skip
WHENS = [
    "{topic: t}", "{topic: [t, u], visibility: public}", "{text_any: [alt, kaputt]}", "{text_all: [neu, gut]}",
    "{text_none: [gut], topic: u}", "{complaint: possible}", "{complaint: likely, visibility: public}",
    "{hours: open}", "{pattern: 'g.t'}", "{pattern: 'k.p|\\d'}", "{not: {topic: t}, sign: negation}",
    "{any: [{topic: u}, {sign: number}]}", "{label: l1, topic: t}", "{severity_at_least: watch}",
    "{words: {at_least: 4}}", "{mood: high}",
]  # fmt: skip
THENS = [
    "{label: l1}", "{label: l2}", "{reply: hello}", "{reply: {public: hello}}", "{severity: watch}",
    "{severity: urgent}", "{suggest: hide}", "{hold_replies: for_approval}", "{assign: social}",
]  # fmt: skip


@st.composite
def playbooks(draw: st.DrawFn) -> str:
    """A playbook of a few rules, lines, topics and questions, in any order."""
    topics = [f"  {name}: {{any: {draw(LISTS)}, not: {draw(LISTS)}}}" for name in "tu"]
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=5))
    likely = draw(st.sampled_from([2, 3, 3, 3]))
    rules = [
        f"  - {{rule: {name}, when: {draw(st.sampled_from(WHENS))}, then: [{draw(st.sampled_from(THENS))}], "
        f"continue: {draw(st.sampled_from(['true', 'false']))}, examples: {{applies: [x]}}}}"
        for name in draw(st.permutations("abcdef"))[: draw(st.integers(1, 6))]
    ]
    question = draw(st.sampled_from(WHENS))
    return "\n".join([
        "teams: {social: {members: [anna@shop.example]}}", "topics:", *topics,
        "signals:", "  complaint:", "    points:", *[f"      - {line}" for line in lines],
        f"    levels: {{possible: 1, likely: {likely}}}",
        "  mood: {points: [{topic: u, points: 1}, {sign: thanks, points: 1}], levels: {high: 2}}",
        f"questions: [{{id: q, when: {question}, answer: it-is-so}}]", "rules:", *rules,
    ])  # fmt: skip


def other_line(text: str, number: int, drawn: str) -> str:
    """The playbook with one line taken from another, as a manager changes it."""
    lines = text.split("\n")
    at = number % len(lines)
    fitting = [line for line in drawn.split("\n") if head(line) == head(lines[at])]
    return "\n".join([*lines[:at], *(fitting[:1] or lines[at : at + 1]), *lines[at + 1 :]])


def head(line: str) -> str:
    """What a line of `playbooks` is: a rule's name, a topic's, or the kind of a line of points."""
    return line.split(", when")[0].split("any:")[0].split(", points")[0]


MESSAGES = st.lists(
    st.builds(
        Facts,
        text=st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join),
        visibility=st.sampled_from([None, "public", "private"]),
        hours=st.sampled_from([None, "open", "closed"]),
        language=st.just("de"),
    ),
    min_size=12,
    max_size=12,
)


def book(text: str) -> Playbook:
    return read_playbook({"00.yml": text.encode()})


def compare(one: str, other: str, messages: list[Facts]) -> int:
    """Check every message; how often it was judged once."""
    active, candidate = book(one), book(other)
    playbooks, short = SideBySide(active, candidate), 0
    for facts in messages:
        before, after = playbooks.judge(facts)
        assert before == evaluate(active, facts, words=False)
        assert replace(after, playbook=candidate.hash) == evaluate(candidate, facts, words=False)
        short += after is before
    return short


@settings(max_examples=50, deadline=None)
@given(playbooks(), playbooks(), MESSAGES)
def test_of_any_two_playbooks_each_decides_as_it_does_alone(one: str, other: str, messages: list[Facts]) -> None:
    compare(one, other, messages)


@settings(max_examples=80, deadline=None)
@given(playbooks(), playbooks(), st.integers(0, 40), MESSAGES)
def test_after_any_change_of_one_line_each_decides_as_it_does_alone(
    one: str, drawn: str, number: int, messages: list[Facts]
) -> None:
    compare(one, other_line(one, number, drawn), messages)


MESSAGE = Facts("Der Wasserkocher ist nicht angekommen!", visibility="public", hours="open", language="de")
PLAYBOOK = BASICS + RULES


def judged_once(changed: str, text: str) -> bool:
    assert changed != PLAYBOOK
    return compare(PLAYBOOK, changed, [replace(MESSAGE, text=text)]) == 1


def test_the_same_rules_judge_once() -> None:
    assert judged_once(PLAYBOOK + "# a remark\n", "kaputt")
    assert judged_once(PLAYBOOK + "# a remark\n", "Hallo")


def test_another_word_of_a_topic_judges_only_its_texts_twice() -> None:
    changed = PLAYBOOK.replace('"frechheit"]', '"frechheit", "verspätet"]')
    assert judged_once(changed, "kaputt, eine Frechheit")
    assert judged_once(changed, "Hallo")
    assert not judged_once(changed, "schon wieder verspätet")
    excluding = PLAYBOOK.replace('not: ["nicht kaputt"]', 'not: ["nicht kaputt", "kaum kaputt"]')
    assert judged_once(excluding, "kaum da, schon kaputt")
    assert not judged_once(excluding, "kaum kaputt")


def test_another_rule_judges_only_texts_twice_that_hold_its_words() -> None:
    changed = PLAYBOOK.replace("topic: injury\n", "topic: injury\n      hours: open\n")
    assert judged_once(changed, "kaputt")
    assert not judged_once(changed, "Der Akku ist explodiert")


def test_other_points_judge_only_texts_twice_that_have_them() -> None:
    changed = PLAYBOOK.replace("{sign: negation, points: 1}", "{sign: negation, points: 2}")
    assert judged_once(changed, "kaputt")
    assert not judged_once(changed, "nicht gut")


def test_other_levels_judge_everything_twice() -> None:
    assert not judged_once(PLAYBOOK.replace("likely: 3}", "likely: 4}"), "Hallo")
