"""The playbook's mistakes in German, made from what the loader really says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from crisis_playbook import PlaybookErrors, load_files
from inbox.web.i18n import translations
from inbox.web.playbook_mistakes import said_fix, said_mistake, said_wrong
from inbox.web.refusals import translated
from tests.crisis_playbook.test_broken_playbooks import BOMBS, BROKEN, broken, mistakes_of

GERMAN, ENGLISH = translations("de"), translations("en")
PROJECT = Path(__file__).resolve().parents[3]
SAYING = {"wrong": 1, "mistake": 0, "_refuse": 1, "PhraseError": 0, "Mistake": 2}
"""The calls that say what is wrong, and the place of the words among their arguments; the fix follows."""


@pytest.mark.parametrize("case", BROKEN)
def test_what_the_loader_says_is_german(case: str) -> None:
    (mistake,) = mistakes_of(broken(case)[0])
    assert said_wrong(mistake.message, GERMAN) != mistake.message
    assert said_fix(mistake.fix, GERMAN) != mistake.fix
    assert said_mistake(str(mistake), GERMAN).startswith(f"{mistake.file}:{mistake.line}: ")


@pytest.mark.parametrize("name", BOMBS)
def test_files_that_cannot_be_read_are_told_in_german(name: str) -> None:
    with pytest.raises(PlaybookErrors) as raised:
        load_files({"00.yml": BOMBS[name]})
    (mistake,) = raised.value.mistakes
    assert said_fix(mistake.fix, GERMAN) != mistake.fix
    assert said_wrong(mistake.message, GERMAN) != mistake.message


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "00.yml:3: a list stands where a label belongs; write a label",
            "00.yml:3: hier steht eine Liste, erwartet wird: ein Schlagwort; schreiben Sie: ein Schlagwort",
        ),
        (
            "00.yml:3: 'x' stands where one of a, b belongs; write one of a, b",
            "00.yml:3: hier steht 'x', erwartet wird: eines von a, b; schreiben Sie: eines von a, b",
        ),
        (
            "scenarios/storm.yml:9: scenario storm at 0h30m: rule a did not apply (applied: b); "
            "change the rules, or what is expected",
            "scenarios/storm.yml:9: Szenario storm bei 0h30m: die Regel a traf nicht zu (zugetroffen: b); "
            "ändern Sie die Regeln, oder das, was erwartet wird",
        ),
        (
            "10.yml:4: rule a does not apply to its example 'Guten Tag': none of the words was found; "
            "add the missing words, or move the example to does_not_apply",
            "10.yml:4: die Regel a trifft auf ihr Beispiel 'Guten Tag' nicht zu: keines der Wörter kommt vor; "
            "ergänzen Sie die fehlenden Wörter, oder stellen Sie das Beispiel zu does_not_apply",
        ),
        ("nothing anybody foresaw", "nothing anybody foresaw"),
    ],
)
def test_whole_lines(english: str, german: str) -> None:
    assert said_mistake(english, GERMAN) == german
    assert said_mistake(english, ENGLISH) == english


def test_a_refused_publishing_names_its_mistakes_in_german() -> None:
    refusal = "It does not pass:\n00.yml:3: the list is empty; write at least one entry\n01.yml:1: 'a' is no name; x"
    assert translated(refusal, GERMAN) == (
        "Es besteht die Prüfung nicht:\n00.yml:3: die Liste ist leer; schreiben Sie mindestens einen Eintrag\n"
        "01.yml:1: 'a' ist kein Name; x"
    )


def test_every_sentence_of_the_loader_is_german() -> None:
    """Read from the loader itself, so that a new one is not forgotten here."""
    found: set[tuple[str, str]] = set()
    for path in (PROJECT / "crisis_playbook").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SAYING:
                first = SAYING[name]
                words = [_words(argument) for argument in node.args[first : first + 2]]
                found |= {(kind, said) for kind, said in zip(("message", "fix"), words, strict=False) if said}
    assert len(found) > 100
    english = {said for kind, said in found if (said_wrong if kind == "message" else said_fix)(said, GERMAN) == said}
    assert english == set()


def _words(node: ast.expr) -> str:
    """A sentence as it is written in the code, with something likely in the gaps; empty for what is made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else _likely(ast.unparse(part)) for part in node.values
    )


def _likely(gap: str) -> str:
    likely = {
        "described(": "a list", "self.what": "a rule", "wanted": "a text", "other": "a step of its own", "len(": "7",
        "MOST": "7", "most": "7", "least": "7", "value}": "7", "size": "7.1", "self.kind": "team", "first": "00.yml:3",
        "missing}": "no examples", "problem": "rule a applied", "since": "0h05m", "what}": "a number", "kind}": "rule",
        "instead(": "did you mean 'mon'?",
    }  # fmt: skip
    return next((words for sign, words in likely.items() if sign in gap), "x")
