"""Timelines with a stepped clock, through `check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from crisis_playbook import Report, check
from tests.crisis_playbook.playbooks import FILES, TEMPLATES

WAVE = """\
scenarios:
  - scenario: wave
    start: 2026-03-02 10:00
    steps:
      - {at: 0m, send: "Paket nicht angekommen!", times: 12, over: 30m, people: 6, expect: {rules: [public-complaint]}}
      - {at: 20m, expect: {level: 0, alarms: []}}
      - {at: 31m, expect: {level: 2, alarms: [complaint-wave]}}
      - at: 40m
        send: Hallo
        kind: direct_message
        expect: {reply: first-reply, severity: none, not_rules: [product-injury]}
"""


def checked(folder: Path, scenarios: str, alarms: str = FILES["90_alarms.yml"]) -> Report:
    rules = folder / "rules"
    rules.mkdir()
    (folder / "scenarios").mkdir()
    for name, text in (FILES | {"90_alarms.yml": alarms}).items():
        (rules / name).write_text(text, "utf-8")
    (folder / "scenarios" / "wave.yml").write_text(scenarios, "utf-8")
    return check(rules, TEMPLATES)


def test_a_scenario_that_goes_as_expected(tmp_path: Path) -> None:
    report = checked(tmp_path, WAVE)
    assert report.mistakes == ()
    assert (report.ok, report.rules, report.examples, report.scenarios) == (True, 3, 4, 1)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (
            "expect: {level: 2, alarms: [",
            "expect: {level: 3, alarms: [",
            7,
            "wave at 0h31m: the level is 2, not 3",
        ),
        ("level: 0, alarms: []", "level: 0, alarms: [complaint-wave]", 6, "the alarms that fired are []"),
        ("reply: first-reply", "reply: none", 8, "the automatic reply is first-reply, not none"),
        ("rules: [public-complaint]", "rules: [product-injury]", 5, "rule product-injury did not apply"),
        ("severity: none", "severity: crisis", 8, "the severity is none, not crisis"),
        ("people: 6", "people: 4", 7, "the level is 0, not 2"),
        ("times: 12", "times: 9", 7, "the level is 0, not 2"),
        ("start: 2026-03-02 10:00\n", "start: 2026-03-02 10:00\n    usual: 5\n", 8, "the level is 0, not 2"),
        ("at: 31m", "at: 31x", 7, "'31x' is no length of time"),
        ("rules: [public-complaint]", "rules: [public-complain]", 5, "no rule 'public-complain'"),
        ("scenarios:\n", "scenario:\n", 1, "'scenario' is not known"),
        ("send: Hallo\n", "sends: Hallo\n", 9, "'sends' is not known"),
    ],
)
def test_what_goes_otherwise_is_one_mistake_at_its_step(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    (mistake,) = checked(tmp_path, WAVE.replace(old, new)).mistakes
    assert (mistake.file, mistake.line) == ("scenarios/wave.yml", line), str(mistake)
    assert says in mistake.message


def test_a_level_expires_and_freezes_replies_until_then(tmp_path: Path) -> None:
    scenario = """\
scenarios:
  - scenario: storm
    start: 2026-03-02 10:00
    steps:
      - {at: 0m, send: "Nicht angekommen!", times: 20, over: 10m}
      - {at: 11m, send: Hallo, kind: direct_message, expect: {reply: none, suggest: first-reply}}
      - {at: 23h, expect: {level: 4}}
      - {at: 25h, expect: {level: 0}}
      - {at: 26h, send: Hallo, kind: direct_message, expect: {reply: first-reply}}
"""
    assert checked(tmp_path, scenario, FILES["90_alarms.yml"].replace("level: 2", "level: 4")).mistakes == ()


def test_check_warns_of_what_is_allowed_and_yet_worth_a_look(tmp_path: Path) -> None:
    (tmp_path / "00.yml").write_text(
        """\
rules:
  - {rule: a, when: {text_any: [kaputt]}, then: [{label: x}], examples: {applies: [kaputt], does_not_apply: [ganz]}}
  - {rule: b, when: {text_any: [kaputt, hin]}, then: [{label: y}], examples: {applies: [kaputt]}}
alarms: [{alarm: w, count: {label: z}, at_least: 2, within: 1h, level: 1}]
""",
        "utf-8",
    )
    report = check(tmp_path)
    assert report.ok
    assert [(warning.line, warning.message) for warning in report.warnings] == [
        (3, "rule b has no near miss"),
        (3, "in the whole playbook rule a decides this example before b"),
        (4, "alarm w counts the label 'z', which no rule sets"),
    ]
