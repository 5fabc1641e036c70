"""A playbook that is being written: everything judged, nothing raised."""

from __future__ import annotations

from crisis_playbook import Inspection, inspect, load_files

RULES = """
signals:
  complaint:
    points:
      - {topic: trouble, points: 2}
      - topic: trouble
        times: 2
        points: 1.5
    levels: {possible: 2, likely: 3}
topics:
  trouble: {any: [kaputt]}
rules:
  - rule: trouble
    when: {topic: trouble}
    then: [{label: trouble}]
    examples:
      applies: [Alles kaputt!, Alles gut!]
      does_not_apply: [Danke!]
"""
SCENARIOS = """
scenarios:
  - scenario: one-word
    start: 2026-03-02 10:00
    steps:
      - {at: 0m, send: "Alles kaputt", expect: {rules: [trouble]}}
  - scenario: another-word
    start: 2026-03-02 10:00
    steps:
      - {at: 0m, send: "Alles gut", expect: {rules: [trouble]}}
"""


def judged(rules: str = RULES, scenarios: str = SCENARIOS) -> Inspection:
    return inspect({"10.yml": rules.encode()}, scenarios={"a.yml": scenarios.encode()})


def test_every_example_is_green_or_red_also_where_two_stand_on_one_line() -> None:
    found = judged()
    assert [(one.text, one.applies, one.mistake is None) for one in found.examples] == [
        ("Alles kaputt!", True, True),
        ("Alles gut!", True, False),
        ("Danke!", False, True),
    ]
    assert not found.ok


def test_every_scenario_is_green_or_red() -> None:
    found = judged()
    assert [(one.name, one.file, len(one.mistakes)) for one in found.scenarios] == [
        ("one-word", "scenarios/a.yml", 0),
        ("another-word", "scenarios/a.yml", 1),
    ]
    assert len(found.mistakes) == 2


def test_files_that_cannot_be_read_give_their_mistakes_and_no_playbook() -> None:
    found = judged(RULES.replace("rules:", "ruls:"))
    assert found.playbook is None
    assert str(found.mistakes[0]).startswith("10.yml:12: 'ruls' is no section")
    assert found.examples == ()


def test_a_scenario_file_that_cannot_be_read_is_red() -> None:
    found = judged(scenarios="scenarios:\n  - szenario: x\n")
    assert [one.name for one in found.scenarios] == ["a.yml"]
    assert found.scenarios[0].mistakes


def test_lines_of_points_know_where_their_points_stand() -> None:
    playbook = load_files({"10.yml": RULES.replace("Alles gut!", "kaputt").encode()})
    lines = playbook.vocabulary.signals["complaint"].lines
    assert [(line.title, line.points, line.place) for line in lines] == [
        ("topic trouble", 2, "10.yml:5"),
        ("topic trouble (2 times)", 1.5, "10.yml:8"),
    ]
