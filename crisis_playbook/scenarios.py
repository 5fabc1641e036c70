"""Scenarios: a timeline with a stepped clock, run through the same `evaluate` and the same alarms as real messages.

```yaml
scenarios:
  - scenario: complaint-wave
    start: 2026-03-02 10:00
    usual: 2                     # messages an hour the alarms would count on such a day; left out: no history yet
    steps:
      - {at: 0m, send: "Mein Paket ist nicht angekommen!", times: 25, over: 30m, people: 20, channel: twitter}
      - {at: 31m, expect: {level: 2, alarms: [complaint-wave]}}
      - {at: 26h, expect: {level: 0}}
```
`send` may carry the facts an example may carry, and `expect` for every message it sends: rules, not_rules, severity,
labels, reply (a template or none), suggest. An `expect` of its own names the level in force and the alarms that fired
so far. Equal times keep the order written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crisis_playbook import alarms, document
from crisis_playbook.document import Listing, Node, Place, read_document
from crisis_playbook.evaluate import evaluate
from crisis_playbook.lists_and_records import Items, Key, OneOrMore, Record, dictionary
from crisis_playbook.mistakes import Mistake, PlaybookErrors, instead
from crisis_playbook.model import SEVERITIES, Decision, Facts
from crisis_playbook.playbook import Playbook
from crisis_playbook.reading import Reading, Schema, described, scalar, wrong
from crisis_playbook.rules import GIVEN
from crisis_playbook.single_values import Choice, Duration, Name, NewName, Number, Text

MOST_MESSAGES = 20_000


@dataclass(frozen=True, slots=True)
class Offset:
    """Time since the start; 0m is the start itself."""

    def read(self, node: Node, reading: Reading) -> timedelta:
        if scalar(node, "a time since the start").text in ("0", "0s", "0m", "0h"):
            return timedelta(0)
        return Duration().read(node, reading)

    def schema(self) -> Schema:
        return {"type": ["string", "integer"]}


@dataclass(frozen=True, slots=True)
class Start:
    """A date and time, taken as UTC, such as 2026-03-02 10:00."""

    def read(self, node: Node, reading: Reading) -> datetime:
        text = scalar(node, "a date and time").text
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            raise wrong(node.place, f"'{text}' is no date and time", "write 2026-03-02 10:00") from None

    def schema(self) -> Schema:
        return {"type": "string"}


EXPECT = Record(
    "expect",
    {
        "level": Key(Number(0, 6)),
        "alarms": Key(Items(Name("alarm"))),
        "rules": Key(Items(Name("rule"))),
        "not_rules": Key(Items(Name("rule"))),
        "severity": Key(Choice(SEVERITIES)),
        "labels": Key(Items(Text("a label"))),
        "reply": Key(Text("a template, or none")),
        "suggest": Key(OneOrMore(Text("a template"))),
    },
    dictionary,
    at_least_one=True,
)
ABOUT_ALL = ("level", "alarms")


@dataclass(frozen=True, slots=True)
class Timeline:
    """One scenario as written."""

    name: str
    start: datetime
    usual: float | None
    steps: Sequence[dict[str, Any]]
    place: Place


def _step(values: dict[str, Any], place: Place) -> dict[str, Any]:
    if "send" not in values and "expect" not in values:
        raise wrong(place, "a step neither sends nor expects anything", "write 'send: a message' or 'expect: {…}'")
    about = [key for key in values.get("expect", {}) if (key in ABOUT_ALL) == ("send" in values)]
    if about:
        other = "a step of its own" if "send" in values else "the step that sends the message"
        raise wrong(place, f"'{about[0]}' cannot be expected here", f"expect it in {other}")
    return values | {"place": place}


STEP = Record(
    "a step",
    {
        "at": Key(Offset(), required=True),
        "send": Key(Text("a message")),
        "times": Key(Number(1, MOST_MESSAGES)),
        "over": Key(Duration()),
        "people": Key(Number(1)),
        "expect": Key(EXPECT),
    }
    | {name: Key(reader) for name, reader in GIVEN.items()},
    _step,
)
SCENARIO = Record(
    "a scenario",
    {
        "scenario": Key(NewName(), required=True),
        "start": Key(Start(), required=True),
        "usual": Key(Number(0, whole=False)),
        "steps": Key(Items(STEP, 1, "a list of steps"), required=True),
    },
    lambda values, place: Timeline(values["scenario"], values["start"], values.get("usual"), values["steps"], place),
)


def scenario_directory(directory: str | Path) -> Path:
    """Where the scenarios of a directory of rules lie: `scenarios` inside it, else beside it."""
    inside = Path(directory) / "scenarios"
    return inside if inside.is_dir() else Path(directory).resolve().parent / "scenarios"


def scenario_mistakes(playbook: Playbook, directory: Path) -> tuple[int, list[Mistake]]:
    """How many scenarios a directory holds, and every mistake in them or in what they expected."""
    mistakes: list[Mistake] = []
    timelines: list[Timeline] = []
    for path in sorted(directory.glob("*.y*ml")) if directory.is_dir() else ():
        try:
            timelines += read_scenarios(playbook, f"scenarios/{path.name}", path.read_bytes())
        except PlaybookErrors as errors:
            mistakes += errors.mistakes
    for timeline in timelines:
        mistakes += run(playbook, timeline)
    return len(timelines), mistakes


def read_scenarios(playbook: Playbook, name: str, content: bytes) -> list[Timeline]:
    """The scenarios of one file. Raises PlaybookErrors with every mistake."""
    reading = Reading()
    rules, alarm_names = [rule.name for rule in playbook.rules], list(playbook.alarms)
    reading.names = {"rule": dict.fromkeys(rules, Place(name, 1)), "alarm": dict.fromkeys(alarm_names, Place(name, 1))}
    timelines: list[Timeline] = []
    root = read_document(name, content)
    with reading.noting():
        for entry in _entries(root, name):
            with reading.noting():
                timelines.append(SCENARIO.read(entry, reading))
    if reading.mistakes:
        raise PlaybookErrors(reading.mistakes)
    return timelines


def _entries(root: Node | None, name: str) -> list[Node]:
    if root is None:
        return []
    if not isinstance(root, document.Mapping):
        raise wrong(Place(name, 1), f"{described(root)} stands where scenarios belong", "begin with 'scenarios:'")
    for key, node in root.entries:
        if key.text != "scenarios":
            raise wrong(key.place, f"'{key.text}' is not known here", instead(key.text, ["scenarios"]))
        if not isinstance(node, Listing):
            raise wrong(node.place, f"{described(node)} stands where a list belongs", "begin each with '- scenario:'")
        return node.items
    return []


@dataclass(slots=True)
class _Course:
    """What happened so far while a timeline runs."""

    counted: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    fired: dict[str, datetime] = field(default_factory=dict)
    level: int = 0
    raised_at: datetime | None = None


def run(playbook: Playbook, timeline: Timeline) -> Iterator[Mistake]:
    """Step the clock through a timeline; every expectation that does not hold is one mistake at its step."""
    course = _Course()
    failed: set[int] = set()
    for at, _, step, author in sorted(_moments(timeline), key=lambda moment: moment[:2]):
        _expire(playbook, course, at)
        if "send" in step:
            problem = _send(playbook, course, step, at, author, timeline.usual)
        else:
            problem = _compare_all(course, step["expect"])
        if problem and id(step) not in failed:
            failed.add(id(step))
            place: Place = step["place"]
            since = _since(at - timeline.start)
            yield place.mistake(
                f"scenario {timeline.name} at {since}: {problem}", "change the rules, or what is expected"
            )


def _since(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    return f"{minutes // 60}h{minutes % 60:02d}m"


def _moments(timeline: Timeline) -> Iterator[tuple[datetime, int, dict[str, Any], str]]:
    """Every message and expectation with its time, the step's number and the author's name."""
    for number, step in enumerate(timeline.steps):
        at = timeline.start + step["at"]
        times = int(step.get("times", 1)) if "send" in step else 1
        people = int(step.get("people", times))
        for index in range(times):
            yield at + step.get("over", timedelta(0)) * index / times, number, step, f"{number}-{index % people}"


def _expire(playbook: Playbook, course: _Course, now: datetime) -> None:
    level = alarms.behaviour(playbook, course.level)
    if level is None or level.expires is None or course.raised_at is None:
        return
    if now - course.raised_at >= level.expires:
        course.level, course.raised_at = 0, None


def _send(
    playbook: Playbook, course: _Course, step: dict[str, Any], at: datetime, author: str, usual: float | None
) -> str | None:
    facts = _facts(step, at)
    by_language = any("language" in alarm.count for alarm in playbook.alarms.values())
    decision = alarms.under(alarms.behaviour(playbook, course.level), evaluate(playbook, facts, words=by_language))
    if decision.raise_level is not None:
        _raise(course, decision.raise_level, at)
    for alarm in playbook.alarms.values():
        if not alarms.counts_for(alarm, decision, facts):
            continue
        before = course.counted.get(alarm.name, [])
        counted = [*(pair for pair in before if pair[0] > at - alarm.within), (at, author)]
        course.counted[alarm.name] = counted
        usually = None if usual is None else usual * (alarm.within / alarms.HOUR)
        now = alarms.arrivals(counted, at, alarm.within)
        if alarms.judge(alarm, at, now, usually, course.fired.get(alarm.name)).fires:
            course.fired[alarm.name] = at
            _raise(course, alarm.level, at)
    return _compare(decision, step["expect"]) if "expect" in step else None


def _raise(course: _Course, level: int, at: datetime) -> None:
    if level >= course.level:
        course.level, course.raised_at = level, at


def _facts(step: dict[str, Any], at: datetime) -> Facts:
    given = {name: step[name] for name in GIVEN if name in step}
    labels = frozenset(given.pop("label", ()))
    kind = given.get("kind") or ("direct_message" if given.get("visibility") == "private" else "comment")
    everyday = {
        "channel": "facebook",
        "visibility": "private" if kind == "direct_message" else "public",
        "first_of_conversation": True,
        "hours": "open",
        "author_followers": 0,
        "has_attachment": False,
    }
    return Facts(text=step["send"], sent_at=at, labels=labels, **(everyday | {"kind": kind} | given))


def _compare_all(course: _Course, expected: dict[str, Any]) -> str | None:
    if "level" in expected and course.level != expected["level"]:
        return f"the level is {course.level}, not {expected['level']}"
    if "alarms" in expected and set(course.fired) != set(expected["alarms"]):
        return f"the alarms that fired are [{', '.join(course.fired)}], not [{', '.join(expected['alarms'])}]"
    return None


def _compare(decision: Decision, expected: dict[str, Any]) -> str | None:
    missing = [rule for rule in expected.get("rules", ()) if rule not in decision.rules]
    if missing:
        return f"rule {missing[0]} did not apply (applied: {', '.join(decision.rules) or 'none'})"
    surplus = [rule for rule in expected.get("not_rules", ()) if rule in decision.rules]
    if surplus:
        return f"rule {surplus[0]} applied"
    if expected.get("severity", decision.severity) != decision.severity:
        return f"the severity is {decision.severity}, not {expected['severity']}"
    unset = [label for label in expected.get("labels", ()) if label not in decision.labels]
    if unset:
        return f"the label {unset[0]} is not set"
    reply = decision.automatic_reply or "none"
    if expected.get("reply", reply) != reply:
        return f"the automatic reply is {reply}, not {expected['reply']}"
    proposed = {suggested.template for suggested in decision.suggestions}
    lacking = [template for template in expected.get("suggest", ()) if template not in proposed]
    return f"{lacking[0]} is not suggested" if lacking else None
