"""The playbook's reasons in German, made from what the interpreter really says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from crisis_playbook import Facts, evaluate
from crisis_playbook.signs import SIGNS
from inbox.web.explanations import explained, reason
from inbox.web.i18n import translations
from inbox.web.refusals import translated
from tests.crisis_playbook.playbooks import loaded

GERMAN, ENGLISH = translations("de"), translations("en")
PROJECT = Path(__file__).resolve().parents[3]
PLAYBOOK = """
topics:
  broken: {any: [kaputt, defekt]}
signals:
  complaint:
    points:
      - {topic: broken, points: 2}
      - {sign: negation, points: 1}
      - {sign: repeated_marks, points: 0.5, times: 2}
    levels: {possible: 1, likely: 2}
rules:
  - rule: complaint
    continue: true
    when: {complaint: likely, visibility: public, addressed: true}
    then: [{label: complaint}]
    examples: {applies: [Das Gerät ist kaputt.], does_not_apply: [Das Gerät ist fein.]}
  - rule: wordy
    continue: true
    when: {any: [{text_any: [gerät]}, {sign: [shouting, smile]}], text_none: [rabatt]}
    then: [{label: wordy}]
    examples: {applies: [Das Gerät ist kaputt.], does_not_apply: [Rabatt!]}
  - rule: famous
    when: {author_followers: 1000, topic: broken, hours: closed}
    then: [{label: famous}]
    examples:
      applies: [{text: kaputt, author_followers: 2000, hours: closed}]
      does_not_apply: [fein]
"""
TEXT = "Das Gerät ist nicht mehr ganz; es ist kaputt!!"


def facts(**more: Any) -> Facts:
    return Facts(text=TEXT, channel="facebook", kind="comment", visibility="public", addressed=True, **more)


def test_what_the_interpreter_says_is_german() -> None:
    playbook = loaded({"00.yml": PLAYBOOK})
    first, second, third = (explained(sentence, GERMAN) for sentence in evaluate(playbook, facts()).why)
    assert first == (
        "Regel complaint trifft zu: das Signal complaint erreicht „likely“ mit 3 Punkten: "
        'Thema broken: "kaputt" +2, eine Verneinung: "nicht" +1; öffentlich; an uns gerichtet'
    )
    assert second == ('Regel wordy trifft zu: gefunden: "Gerät"; keines der ausgeschlossenen Wörter kommt vor')
    assert third.startswith("Regel famous war nicht zu entscheiden: wie viele Follower, ist nicht bekannt")


def test_every_step_of_a_check_is_german() -> None:
    checks = evaluate(loaded({"00.yml": PLAYBOOK}), facts(author_followers=3, hours="open"), explain=True).checks
    for step in (step for check in checks for step in check.steps):
        assert explained(step.why, GERMAN) != step.why or step.why.startswith("3 followers"), step.why


def test_english_says_the_same() -> None:
    for sentence in evaluate(loaded({"00.yml": PLAYBOOK}), facts()).why[1:]:
        assert explained(sentence, ENGLISH) == sentence


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ('topic a: "x; y" and topic b: "z and more"', 'Thema a: "x; y" und Thema b: "z and more"'),
        ("no words of topic a or b", "keine Wörter des Themas a oder b"),
        (
            'rule r applied: topic a: "eins; zwei"; hours is closed',
            'Regel r trifft zu: Thema a: "eins; zwei"; außerhalb der Öffnungszeiten',
        ),
        (
            "the automatic reply first-reply is only proposed: replies are held",
            "die automatische Antwort first-reply wird nur vorgeschlagen: Antworten werden zurückgehalten",
        ),
        ("no sign of a smile or thanks", "kein Anzeichen: ein Lächeln oder Dank"),
        ("the manager's own reason", "the manager's own reason"),
        ('the manager\'s own reason: "kaputt"', 'the manager\'s own reason: "kaputt"'),
        ('topic a: "ein " darin', 'topic a: "ein " darin'),
    ],
)  # fmt: skip
def test_forms(english: str, german: str) -> None:
    assert explained(english, GERMAN) == german


def test_every_sign_and_every_shipped_reason_is_german() -> None:
    shipped = (PROJECT / "crisis_playbook" / "rules" / "01_complaint.yml").read_text("utf-8")
    reasons = re.findall(r"reason: ([^}\n]+)", shipped)
    assert len(reasons) > 30
    for written in (*reasons, *(sign.meaning for sign in SIGNS.values())):
        assert reason(written.strip(), GERMAN) != written, written


def test_every_reason_against_an_automatic_reply_is_german() -> None:
    """Whatever a guard can answer, read from the guards themselves."""
    trees = [
        ast.parse((PROJECT / "inbox" / name).read_text("utf-8")) for name in ("automation.py", "automatic_replies.py")
    ]
    sentences = {
        written
        for tree in trees
        for given in ast.walk(tree)
        if isinstance(given, ast.Return) and given.value is not None
        for node in ast.walk(given.value)
        if (written := _sentence(node)).endswith(".") and written[0].isupper()
    }
    assert len(sentences) > 15
    assert {sentence for sentence in sentences if translated(sentence, GERMAN) == sentence} == set()


def _sentence(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
