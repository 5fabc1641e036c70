"""From a directory of YAML files to a playbook, strictly: every mistake with file:line and what to write instead."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from crisis_playbook import document
from crisis_playbook.document import MOST_BYTES, Listing, Node, Place, Scalar, read_document
from crisis_playbook.evidence import Topic, Vocabulary
from crisis_playbook.examples import example_mistakes
from crisis_playbook.index import Index
from crisis_playbook.lists_and_records import Named
from crisis_playbook.mistakes import Mistake, PlaybookErrors, instead
from crisis_playbook.model import Level, Team
from crisis_playbook.names import LEVELS_OF_COMPLAINT, collect_names
from crisis_playbook.playbook import Playbook, Question, Rule
from crisis_playbook.reading import Reader, Reading, at, described, wrong
from crisis_playbook.rules import QUESTION, RULE, SIGNAL, TOPIC, build_signal, build_topic
from crisis_playbook.sections import ALARM, HOURS, LEVELS, TARGET, TEAM, level_number
from crisis_playbook.signals import Signal
from crisis_playbook.single_values import free_name

SECTIONS = ("teams", "hours", "targets", "topics", "signals", "questions", "rules", "alarms", "levels")
SUFFIXES = (".yml", ".yaml")
MOST_FILES = 500


def load(
    directory: str | Path, templates: Collection[str] | None = None, channels: Collection[str] | None = None
) -> Playbook:
    """The playbook of a directory's *.yml files, read in file-name order.

    `templates`: the reply templates that exist; None does not check them. Raises PlaybookErrors with every mistake,
    also where an example fails.
    """
    return load_files(read_files(directory), templates, channels)


def read_files(directory: str | Path) -> dict[str, bytes]:
    """The playbook files of a directory by name, in file-name order. Raises PlaybookErrors where there are none."""
    folder = Path(directory)
    if not folder.is_dir():
        raise PlaybookErrors(
            [Mistake(str(directory), 1, "there is no such directory", "name the playbook's directory")]
        )
    paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith("."))
    if not paths:
        raise PlaybookErrors([Mistake(str(directory), 1, "the directory holds no *.yml file", "add 00_basics.yml")])
    files = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                files[path.name] = file.read(MOST_BYTES + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise PlaybookErrors([Mistake(path.name, 1, f"cannot be read: {reason}", "check the file")]) from None
    return files


def content_hash(files: Mapping[str, bytes]) -> str:
    """sha256 over file names and bytes, in file-name order."""
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def load_files(
    files: Mapping[str, bytes], templates: Collection[str] | None = None, channels: Collection[str] | None = None
) -> Playbook:
    """`load` for files that are not on a disk: names to bytes.

    The last one is remembered, because what has just passed its checks is about to be put in force.
    """
    return _loaded(
        tuple(sorted(files.items())),
        None if templates is None else frozenset(templates),
        None if channels is None else tuple(channels),
    )


@lru_cache(maxsize=1)
def _loaded(
    files: tuple[tuple[str, bytes], ...], templates: frozenset[str] | None, channels: tuple[str, ...] | None
) -> Playbook:
    playbook = read_playbook(dict(files), templates, channels)
    mistakes = list(example_mistakes(playbook))
    if mistakes:
        raise PlaybookErrors(mistakes)
    return playbook


def read_playbook(
    files: Mapping[str, bytes], templates: Collection[str] | None = None, channels: Collection[str] | None = None
) -> Playbook:
    """`load_files` without judging the examples. Raises PlaybookErrors."""
    reading = Reading(templates=None if templates is None else frozenset(templates))
    if channels is not None:
        reading.channels = tuple(channels)
    if len(files) > MOST_FILES:
        raise PlaybookErrors([Mistake(min(files), 1, f"{len(files)} files", f"write at most {MOST_FILES}")])
    sections = _sections(files, reading)
    collect_names(sections, reading)
    playbook = _playbook(sections, reading, content_hash(files))
    if reading.mistakes:
        raise PlaybookErrors(reading.mistakes)
    return playbook


Sections = dict[str, list[Node]]
"""For each section its nodes, one from every file that writes it."""


def _sections(files: Mapping[str, bytes], reading: Reading) -> Sections:
    sections: Sections = {name: [] for name in SECTIONS}
    for name in sorted(files):
        try:
            root = read_document(name, files[name])
        except PlaybookErrors as errors:
            reading.mistakes.extend(errors.mistakes)
            reading.incomplete = True
            continue
        with reading.noting():
            _add_sections(root, Place(name, 1), sections, reading)
    return sections


def _add_sections(root: Node | None, place: Place, sections: Sections, reading: Reading) -> None:
    if root is None:
        return
    if isinstance(root, Listing):
        sections["rules"].append(root)
        return
    if not isinstance(root, document.Mapping):
        raise wrong(place, f"{described(root)} stands where sections belong", "begin with a section, such as 'rules:'")
    for key, node in root.entries:
        with reading.noting():
            if key.text not in SECTIONS:
                reading.incomplete = True
                raise wrong(key.place, f"'{key.text}' is no section of a playbook", instead(key.text, SECTIONS))
            value = at(node, key.place)
            if not (isinstance(value, Scalar) and value.value is None):
                sections[key.text].append(value)


def _playbook(sections: Sections, reading: Reading, digest: str) -> Playbook:
    teams = _named(sections["teams"], "teams", TEAM, reading)
    hours = _named(sections["hours"], "hours", HOURS, reading)
    topics = _topics(sections["topics"], reading)
    signals = _signals(sections["signals"], reading)
    questions: list[Question] = _listed(sections["questions"], "questions", QUESTION, reading)
    rules: list[Rule] = _listed(sections["rules"], "rules", RULE, reading)
    targets = _listed(sections["targets"], "targets", TARGET, reading)
    alarms = _listed(sections["alarms"], "alarms", ALARM, reading)
    levels = _named(sections["levels"], "levels", LEVELS.item, reading, level_number)
    reading.patterns.prepare()
    vocabulary = Vocabulary(reading.phrases, reading.patterns, topics, signals)
    return Playbook(
        rules=tuple(rules),
        vocabulary=vocabulary,
        questions=tuple(questions),
        question_index=Index(question.when.gate() for question in questions),
        teams={name: build_team(name, values) for name, values in teams.items()},
        hours={name: replace(value, name=name) for name, value in hours.items()},
        targets=tuple(targets),
        alarms={alarm.name: alarm for alarm in alarms},
        levels={number: replace(value, number=number) for number, value in sorted(levels.items())},
        templates=_templates(rules, questions, levels),
        hash=digest,
    )


def _templates(rules: list[Rule], questions: list[Question], levels: Mapping[int, Level]) -> frozenset[str]:
    named = {template for rule in rules for _, template in rule.then.suggestions}
    named |= {rule.then.reply for rule in rules if rule.then.reply} | {question.answer for question in questions}
    named |= {level.automatic_replies for level in levels.values()} - {"normal", "none"}
    return frozenset(named - {""})


def build_team(name: str, values: Mapping[str, Any]) -> Team:
    """A team from what its record says."""
    return Team(name, values.get("members", ()), values.get("notify", ()), values.get("backup"))


def _named(
    nodes: list[Node], what: str, item: Reader, reading: Reading, name: Callable[[Scalar], Any] = free_name
) -> dict[Any, Any]:
    values: dict[Any, Any] = {}
    for node in nodes:
        with reading.noting():
            values = Named(what, item, name).read(node, reading) | values
    return values


def _listed(nodes: list[Node], what: str, item: Reader, reading: Reading) -> list[Any]:
    values: list[Any] = []
    for node in nodes:
        with reading.noting():
            if not isinstance(node, Listing):
                raise wrong(
                    node.place, f"{described(node)} stands where a list belongs", f"begin each of the {what} with '- '"
                )
            for entry in node.items:
                with reading.noting():
                    values.append(item.read(entry, reading))
    return values


def _topics(nodes: list[Node], reading: Reading) -> dict[str, Topic]:
    read = _named(nodes, "topics", TOPIC, reading)
    return {name: build_topic(name, values, reading) for name, values in read.items()}


def _signals(nodes: list[Node], reading: Reading) -> dict[str, Signal]:
    for place, level in (
        (place, level) for place, level in _complaint_levels(nodes) if level not in LEVELS_OF_COMPLAINT
    ):
        message = f"the complaint signal has no level '{level}'"
        reading.mistakes.append(place.mistake(message, instead(level, LEVELS_OF_COMPLAINT)))
    read = _named(nodes, "signals", SIGNAL, reading)
    return {name: build_signal(name, values, reading) for name, values in read.items()}


def _complaint_levels(nodes: list[Node]) -> list[tuple[Place, str]]:
    signals = [entry for node in nodes if isinstance(node, document.Mapping) for entry in node.entries]
    bodies = [body for key, body in signals if key.text == "complaint" and isinstance(body, document.Mapping)]
    levels = [value for body in bodies for key, value in body.entries if key.text == "levels"]
    return [(key.place, key.text) for node in levels if isinstance(node, document.Mapping) for key, _ in node.entries]
