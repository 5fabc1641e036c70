"""One mistake gives one error: the right file, the right line, and what to write instead."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from crisis_playbook import Mistake, PlaybookErrors, load, load_files
from tests.crisis_playbook.playbooks import FILES, TEMPLATES

# What is written, what stands there instead, how many lines below its first the mistake shows, what it says, the fix.
BROKEN = {
    "unknown section": ("topics:\n", "topic:\n", 0, "'topic' is no section", "did you mean 'topics'"),
    "unknown key of a team": ("backup: social", "backups: social", 0, "'backups'", "did you mean 'backup'"),
    "unknown backup team": ("backup: social", "backup: socal", 0, "no team 'socal'", "did you mean 'social'"),
    "no e-mail": ("members: [cleo@shop.example]", "members: [cleo]", 0, "'cleo'", "anna@shop.example"),
    "no address": ('"mailto://team@shop.example"', "team@shop.example", 0, "an address to notify", "mailto://"),
    "bad day": ("fri:", "fry:", 0, "'fry' names no days", "did you mean 'fri'"),
    "bad time": ('"08:30-14:00"', '"08:30-25:00"', 0, "no time of day", "hours 00 to 24"),
    "time backwards": ('"08:30-14:00"', '"14:00-08:30"', 0, "ends before it begins", "two ranges"),
    "time as a number": ('"08:30-14:00"', "8", 0, "'8' is no time range", "08:30-12:00"),
    "bad holidays": ("holidays: [AT]", "holidays: [Austria]", 0, "'Austria'", "AT, DE-BY"),
    "bad date": ("2026-12-24", "2026-24-12", 0, "is no date", "2026-12-24"),
    "bad duration": ("first_response: 15m", "first_response: 15 Minuten", 0, "no length of time", "15m"),
    "unknown hours": ("hours: support\n", "hours: suport\n", 0, "no hours 'suport'", "did you mean 'support'"),
    "unknown condition of a target": (
        "{severity: crisis}, first",
        "{severty: crisis}, first",
        0,
        "'severty' is no condition",
        "did you mean 'severity'",
    ),
    "topic without words": ('any: ["verletzt*", "explodiert"]', "any: []", 0, "list is empty", "at least one"),
    "star inside a word": ('"reklamation*"', '"rekla*mation"', 0, "inside a word", "beginning or end"),
    "phrase without a word": ('"frechheit"', '"!!"', 0, "holds no word", "ask for a sign"),
    "star nearly alone": ('"frechheit"', '"a*"', 0, "nearly every word", "two letters"),
    "unknown sign": ("sign: negation", "sign: negations", 0, "'negations'", "did you mean 'negation'"),
    "points missing": ("{sign: negation, points: 1}", "{sign: negation}", 0, "has no 'points'", "points: 1"),
    "points as a word": ("{sign: negation, points: 1}", "{sign: negation, points: one}", 0, "'one' is no number", "3"),
    "unknown topic in a signal": (
        "{topic: complaint, points: 2}",
        "{topic: complain, points: 2}",
        0,
        "no topic 'complain'",
        "did you mean 'complaint'",
    ),
    "other level of complaint": ("likely: 3}", "liekly: 3}", 0, "no level 'liekly'", "did you mean 'likely'"),
    "unknown template of a question": (
        "answer: what-to-do",
        "answer: what-to-doo",
        0,
        "no reply template",
        "did you mean 'what-to-do'",
    ),
    "rule without a name": (
        "  - rule: product-injury\n    severity: crisis",
        "  - severity: crisis",
        0,
        "a rule has no 'rule'",
        "rule: …",
    ),
    "rule without when": (
        "    when: {visibility: private, first_of_conversation: true}\n    then:",
        "    then:",
        -1,
        "a rule has no 'when'",
        "when: …",
    ),
    "rule without then": ("    then:\n      - reply: first-reply\n", "", -2, "has no 'then'", "then"),
    "same name twice": (
        "rule: public-complaint",
        "rule: product-injury",
        0,
        "defined already at 10_rules.yml:2",
        "another name",
    ),
    "unknown key of a rule": ("    continue: true", "    continues: true", 0, "'continues'", "did you mean 'continue'"),
    "yes is a word": ("    continue: true", "    continue: yes", 0, "'yes' is no true or false", "true or false"),
    "unknown severity": ("severity: watch", "severity: wach", 0, "'wach'", "did you mean 'watch'"),
    "unknown condition": (
        "      spoken_by: customer",
        "      spoken_bye: customer",
        0,
        "'spoken_bye' is no condition",
        "did you mean 'spoken_by'",
    ),
    "unknown topic": (
        "      topic: injury",
        "      topic: injuries",
        0,
        "no topic 'injuries'",
        "did you mean 'injury'",
    ),
    "unknown visibility": (
        "{visibility: public, addressed",
        "{visibility: pubic, addressed",
        0,
        "'pubic'",
        "did you mean 'public'",
    ),
    "unknown level": ("complaint: likely}", "complaint: probable}", 0, "no level 'probable'", "possible"),
    "empty when": (
        "{visibility: private, first_of_conversation: true}",
        "{}",
        0,
        "holds no condition",
        "visibility: public",
    ),
    "list of any empty": (
        "{visibility: private, first_of_conversation: true}",
        "{any: []}",
        0,
        "the list is empty",
        "at least one",
    ),
    "pattern with look-ahead": ("      topic: injury", "      pattern: 'a(?=b)'", 0, "refused by RE2", "look-around"),
    "pattern with an umlaut in a class": (
        "      topic: injury",
        "      pattern: 'gr[öo]sse'",
        0,
        "outside a-z",
        "(ae|oe|ue|ss)",
    ),
    "unfinished pattern": ("      topic: injury", "      pattern: 'a(b'", 0, "refused by RE2", "brackets"),
    "unknown team": ("      - assign: safety", "      - assign: safty", 0, "no team 'safty'", "did you mean 'safety'"),
    "unknown action": (
        "      - label: product-safety",
        "      - lable: product-safety",
        0,
        "'lable'",
        "did you mean 'label'",
    ),
    "unknown template": (
        "      - reply: first-reply",
        "      - reply: fist-reply",
        0,
        "no reply template 'fist-reply'",
        "did you mean 'first-reply'",
    ),
    "unknown kind of suggestion": (
        "{move_to_private: to-private}",
        "{move_private: to-private}",
        0,
        "'move_private'",
        "did you mean 'move_to_private'",
    ),
    "unknown way to hold": (
        "hold_replies: for_approval\n",
        "hold_replies: approval\n",
        0,
        "'approval'",
        "did you mean 'for_approval'",
    ),
    "no examples": (
        '    examples:\n      applies: ["Der Wasserkocher ist explodiert!"]\n'
        "      does_not_apply: [Eure Preise sind explosiv]\n",
        "",
        -11,
        "product-injury has no examples",
        "examples: {applies",
    ),
    "example that fails": (
        "[Mein Paket ist nicht angekommen]",
        "[Mein Paket ist da]",
        0,
        "does not apply to its example",
        "missing words",
    ),
    "near miss that hits": ("[Wann kommt mein Paket?]", "[Nicht angekommen, kaputt]", 0, "which it must not", "'not'"),
    "alarm without within": ("    within: 60m\n", "", -4, "an alarm has no 'within'", "within: …"),
    "alarm level": ("    level: 2\n", "    level: 7\n", 0, "7 is too large", "6 or less"),
    "level beyond six": ("  4: {title", "  9: {title", 0, "'9' is no level", "0 to 6"),
    "unknown team to notify": (
        "notify: [social]}\n  4",
        "notify: [sozial]}\n  4",
        0,
        "no team 'sozial'",
        "did you mean 'social'",
    ),
    "count of nothing": ("count: {label: complaint}", "count: {}", 0, "count is empty", "at least one"),
    "repeated key": (
        "    at_least: 10\n",
        "    at_least: 10\n    at_least: 12\n",
        1,
        "'at_least' is written twice",
        "one of the two",
    ),
    "unclosed bracket": ("holidays: [AT]", "holidays: [AT", 1, "no valid YAML", "bracket"),
    "tab": ("    at_least: 10\n", "\tat_least: 10\n", 0, "a tab", "spaces"),
    "tag": ("at_least: 10", "at_least: !!int 10", 0, "tag", "without '!'"),
    "merge key": ("    at_least: 10\n", "    <<: {at_least: 10}\n", 0, "merging", "write the values out"),
    "unknown alias": ("at_least: 10", "at_least: *ten", 0, "'*ten' has no anchor", "quotes"),
    "colon in a text": ("title: Gegenwind,", "title: Gegenwind: mild,", 0, "no valid YAML", "quotes"),
    "a list for a text": ("title: Gegenwind,", "title: [Gegenwind],", 0, "a list stands where", "write"),
    "nothing for a text": ("      - label: complaint\n", "      - label:\n", 0, "nothing stands where", "write"),
}


def broken(case: str) -> tuple[dict[str, str], str, int]:
    """The files with one mistake, the file it is in and its line."""
    old, new, offset, _, _ = BROKEN[case]
    (name,) = [name for name, text in FILES.items() if text.count(old) == 1]
    line = FILES[name][: FILES[name].index(old)].count("\n") + 1 + offset
    return FILES | {name: FILES[name].replace(old, new)}, name, line


def mistakes_of(files: dict[str, str]) -> tuple[Mistake, ...]:
    with pytest.raises(PlaybookErrors) as raised:
        load_files({name: text.encode() for name, text in files.items()}, TEMPLATES)
    mistakes: tuple[Mistake, ...] = raised.value.mistakes
    return mistakes


@pytest.mark.parametrize("case", BROKEN)
def test_one_mistake_gives_one_error_at_its_line_with_the_fix(case: str) -> None:
    files, name, line = broken(case)
    mistakes = mistakes_of(files)
    assert len(mistakes) == 1, [str(mistake) for mistake in mistakes]
    (mistake,) = mistakes
    assert (mistake.file, mistake.line) == (name, line), str(mistake)
    assert BROKEN[case][3] in mistake.message
    assert BROKEN[case][4] in mistake.fix
    assert str(mistake) == f"{name}:{line}: {mistake.message}; {mistake.fix}"


def test_there_are_more_than_forty_kinds_of_mistakes() -> None:
    assert len(BROKEN) >= 40


def test_the_whole_playbook_without_mistakes_loads() -> None:
    assert [rule.name for rule in load_files({n: t.encode() for n, t in FILES.items()}, TEMPLATES).rules] == [
        "product-injury",
        "public-complaint",
        "first-reply-private",
    ]


def test_several_mistakes_in_several_files_are_told_together() -> None:
    cases = ("unknown topic", "alarm level", "bad day")
    files = dict(FILES)
    for case in cases:
        old, new = BROKEN[case][:2]
        files = {name: text.replace(old, new) for name, text in files.items()}
    assert [mistake.file for mistake in mistakes_of(files)] == ["00_basics.yml", "10_rules.yml", "90_alarms.yml"]


BOMBS = {
    "aliases": b"a: &a [x, x]\n"
    + b"".join(b"%c: &%c [*%c, *%c, *%c]\n" % (c, c, *[c - 1] * 3) for c in range(98, 120)),
    "alias in itself": b"a: &a [*a]\n",
    "depth": b"rules: " + b"[" * 500_000,
    "depth of mappings": b"{a: " * 200_000,
    "size": b"# " + b"x" * 1_000_001,
    "one huge value": b"topics: {a: {any: ['" + b"x" * 900_000 + b"']}}",
    "nul": b"a: \x00",
    "not UTF-8": b"topics:\n  a: {any: [gr\xf6sse]}\n",
    "UTF-16": "rules: []".encode("utf-16"),
    "a huge pattern": b"rules:\n  - rule: a\n    when: {pattern: '" + b"(a*)*" * 500 + b"'}\n    then: [{label: a}]\n",
    "a pattern that grows": b"rules:\n  - rule: a\n    when: {pattern: '((a{99}){99}){99}'}\n    then: [{label: a}]\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_in_less_than_a_second(name: str) -> None:
    before = time.process_time()
    with pytest.raises(PlaybookErrors) as raised:
        load_files({"00.yml": BOMBS[name]})
    assert time.process_time() - before < 1
    assert len(raised.value.mistakes) == 1


def test_the_line_that_is_not_utf8_is_named() -> None:
    with pytest.raises(PlaybookErrors) as raised:
        load_files({"00.yml": BOMBS["not UTF-8"]})
    assert raised.value.mistakes[0].line == 2


def test_a_few_aliases_are_allowed() -> None:
    text = "topics:\n  a: {any: &words [kaputt]}\n  b: {any: *words}\n"
    assert load_files({"00.yml": text.encode()}).topics == ("a", "b")


def test_a_missing_or_empty_directory_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(PlaybookErrors, match="directory"):
            load(folder)


def test_files_are_read_in_name_order_and_hidden_ones_left_out(tmp_path: Path) -> None:
    rule = "rules:\n  - {rule: NAME, when: {visibility: public}, then: [{label: a}]}\n"
    for name in ("20_b.yml", "10_a.yaml", ".hidden.yml", "notes.txt"):
        (tmp_path / name).write_text(rule.replace("NAME", name.strip(".").split(".")[0]), "utf-8")
    assert [rule.name for rule in load(tmp_path).rules] == ["10_a", "20_b"]


def test_the_hash_changes_with_a_byte_and_with_a_name_and_not_otherwise() -> None:
    def digest(files: dict[str, bytes]) -> str:
        return load_files(files).hash

    first = digest({"00.yml": b"topics: {a: {any: [kaputt]}}"})
    assert first == digest({"00.yml": b"topics: {a: {any: [kaputt]}}"})
    assert first != digest({"01.yml": b"topics: {a: {any: [kaputt]}}"})
    assert first != digest({"00.yml": b"topics: {a: {any: [kaputt]}} "})
