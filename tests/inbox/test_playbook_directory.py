"""The playbook directory is followed: changes published, pages not overruled, mistakes shown and cleared again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from inbox import playbooks, work
from inbox.db import reading, writing
from inbox.errors import Refusal
from tests.inbox.shop import open_runtime
from tests.stepped_clock import SteppedClock

Sessions = sessionmaker[Session]

RULE = """
rules:
  - rule: thanks
    when: {{text_any: [{word}]}}
    then: [{{label: thanks}}]
    examples: {{applies: [{word}], does_not_apply: [nein]}}
"""
SCENARIO = """
scenarios:
  - scenario: one-word
    start: 2026-03-02 10:00
    steps:
      - {{at: 0m, send: "{word}", expect: {{rules: [thanks]}}}}
"""


class Folder:
    """A playbook directory that a daemon follows."""

    def __init__(self, sessions: Sessions, folder: Path, clock: SteppedClock) -> None:
        self.sessions, self.clock = sessions, clock
        self.rules, self.scenarios = folder / "rules", folder / "scenarios"
        self.rules.mkdir()
        self.scenarios.mkdir()
        self.templates: frozenset[str] = frozenset()

    def write(self, word: str) -> None:
        (self.rules / "10_rules.yml").write_text(RULE.format(word=word), "utf-8")

    def look(self, second_person: bool = False) -> bool:
        return playbooks.follow_directory(
            self.sessions, self.rules, self.templates, self.clock(), second_person=second_person
        )

    def publish_on_a_page(self, word: str) -> int:
        with writing(self.sessions) as session:
            files = {"10_rules.yml": RULE.format(word=word)}
            number = playbooks.save_draft(session, files, "anna@shop.example", "", self.clock())
            playbooks.publish(session, number, "anna@shop.example", self.clock(), templates=None, second_person=False)
        return number

    @property
    def word(self) -> str:
        """The one word of the rule in force."""
        with reading(self.sessions) as session:
            version = playbooks.active(session)
            assert version is not None
            return str(version.files["10_rules.yml"].partition("text_any: [")[2].partition("]")[0])

    @property
    def mistakes(self) -> list[str]:
        with reading(self.sessions) as session:
            problem = playbooks.problem(session)
            return list(problem.mistakes) if problem else []

    @property
    def statuses(self) -> list[str]:
        with reading(self.sessions) as session:
            return [version.status for version in playbooks.versions(session)]


@pytest.fixture
def folder(sessions: Sessions, tmp_path: Path, clock: SteppedClock) -> Folder:
    folder = Folder(sessions, tmp_path, clock)
    folder.write("danke")
    folder.look()
    return folder


def test_changed_files_are_published_once(folder: Folder) -> None:
    assert not folder.look()
    folder.write("merci")
    assert folder.look()
    assert folder.word == "merci"
    assert not folder.look()


def test_what_a_page_published_stays_until_the_files_change(folder: Folder) -> None:
    folder.publish_on_a_page("grazie")
    assert not folder.look()
    assert folder.word == "grazie"
    folder.write("merci")
    assert folder.look()
    assert folder.word == "merci"


def test_files_that_return_to_an_earlier_text_are_published_again(folder: Folder) -> None:
    folder.write("merci")
    folder.look()
    folder.write("danke")
    assert folder.look()
    assert folder.word == "danke"


def test_files_brought_in_line_with_a_page_are_no_change_and_stay_known(folder: Folder) -> None:
    folder.publish_on_a_page("grazie")
    folder.write("grazie")
    folder.look()
    assert len(folder.statuses) == 2
    folder.publish_on_a_page("obrigado")
    assert not folder.look()
    assert folder.word == "obrigado"


def test_going_back_on_a_page_is_not_undone_by_unchanged_files(folder: Folder) -> None:
    folder.write("merci")
    folder.look()
    with writing(folder.sessions) as session:
        playbooks.roll_back(session, 1, "anna@shop.example", folder.clock(), templates=None)
    assert not folder.look()
    assert folder.word == "danke"


def test_a_version_published_by_hand_before_the_first_look_stays(
    sessions: Sessions, tmp_path: Path, clock: SteppedClock
) -> None:
    folder = Folder(sessions, tmp_path, clock)
    folder.publish_on_a_page("grazie")
    folder.write("danke")
    folder.look()
    assert folder.word == "grazie"


def test_a_mistake_is_shown_and_goes_when_the_files_are_as_before(folder: Folder) -> None:
    page = folder.publish_on_a_page("grazie")
    (folder.rules / "10_rules.yml").write_text("rules:\n  - rull: x\n", "utf-8")
    assert folder.look()
    assert not folder.look()
    assert folder.mistakes[0].startswith("10_rules.yml:2: 'rull' is not known")
    folder.write("danke")
    assert folder.look()
    assert folder.mistakes == []
    assert (folder.word, len(folder.statuses)) == ("grazie", page)


def test_a_mistake_cleared_by_a_scenario_or_a_template_alone_is_noticed(folder: Folder) -> None:
    (folder.scenarios / "one.yml").write_text(SCENARIO.format(word="hallo"), "utf-8")
    folder.write("merci")
    folder.look()
    assert "scenario one-word" in folder.mistakes[0]
    (folder.scenarios / "one.yml").write_text(SCENARIO.format(word="merci"), "utf-8")
    assert folder.look()
    assert (folder.mistakes, folder.word) == ([], "merci")
    reply = RULE.format(word="merci").replace("{label: thanks}", "{label: thanks}, {suggest: {reply: you-are-welcome}}")
    (folder.rules / "10_rules.yml").write_text(reply, "utf-8")
    folder.look()
    assert "you-are-welcome" in folder.mistakes[0]
    folder.templates = frozenset({"you-are-welcome"})
    assert folder.look()
    assert (folder.mistakes, folder.statuses[0]) == ([], "active")


def test_a_publication_on_a_page_does_not_hide_the_mistake_in_the_files(folder: Folder) -> None:
    (folder.rules / "10_rules.yml").write_text("rules:\n  - rull: x\n", "utf-8")
    folder.look()
    folder.publish_on_a_page("grazie")
    assert len(folder.mistakes) == 1


def test_with_a_second_person_changed_files_wait_for_review(folder: Folder) -> None:
    folder.write("merci")
    assert folder.look(second_person=True)
    assert folder.statuses == ["review", "active"]
    assert not folder.look(second_person=True)


def test_publishing_runs_the_scenarios_it_is_given_and_going_back_does_not(folder: Folder) -> None:
    (folder.scenarios / "one.yml").write_text(SCENARIO.format(word="merci"), "utf-8")
    with writing(folder.sessions) as session:
        files = {"10_rules.yml": RULE.format(word="grazie")}
        number = playbooks.save_draft(session, files, "anna@shop.example", "", folder.clock())
        with pytest.raises(Refusal, match="scenario one-word"):
            playbooks.publish(
                session, number, "cleo@shop.example", folder.clock(),
                templates=None, second_person=True, scenarios=folder.scenarios,
            )  # fmt: skip
    folder.publish_on_a_page("obrigado")
    with writing(folder.sessions) as session:
        playbooks.roll_back(session, 1, "anna@shop.example", folder.clock(), templates=None)
    assert folder.word == "danke"


def test_going_back_is_only_for_what_was_in_force(folder: Folder) -> None:
    with writing(folder.sessions) as session:
        number = playbooks.save_draft(session, {"10_rules.yml": "rules: []"}, "anna@shop.example", "", folder.clock())
        with pytest.raises(Refusal, match="never been in force"):
            playbooks.roll_back(session, number, "anna@shop.example", folder.clock(), templates=None)
        with pytest.raises(Refusal, match="in force already"):
            playbooks.roll_back(session, 1, "anna@shop.example", folder.clock(), templates=None)
        with pytest.raises(Refusal, match="only a draft"):
            playbooks.publish(session, 1, "anna@shop.example", folder.clock(), templates=None, second_person=False)


def test_the_daemon_judges_by_changed_files_at_once_and_looks_for_them_every_second(
    database_url: str, tmp_path: Path, clock: SteppedClock
) -> None:
    """A manager who changes a word sees it in use within two seconds."""
    runtime = open_runtime(database_url, tmp_path, clock)
    before = runtime.playbook.current().hash
    rules = tmp_path / "rules" / "00_basics.yml"
    rules.write_text(rules.read_text("utf-8") + RULE.format(word="danke"), "utf-8")
    work.follow_files(runtime)
    assert runtime.playbook.current().hash != before, "without waiting for the next look"
    (files,) = [one for one in work.ROUNDS if one.name == "playbook files"]
    assert files.every <= timedelta(seconds=1)
    runtime.engine.dispose()
