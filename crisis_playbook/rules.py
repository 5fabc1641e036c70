"""Reads topics, signals, questions and rules: what looks at a message, and what follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from crisis_playbook import document
from crisis_playbook.conditions import AllOf, Condition
from crisis_playbook.document import Listing, Node, Place
from crisis_playbook.evidence import Topic
from crisis_playbook.index import Index
from crisis_playbook.lists_and_records import Items, Key, OneOrMore, Record, dictionary, read_items
from crisis_playbook.model import KINDS, SEVERITIES, VISIBILITIES, Actions
from crisis_playbook.playbook import Example, Question, Rule
from crisis_playbook.reading import Reader, Reading, Schema, described, wrong
from crisis_playbook.sections import HOLDS, Recipient
from crisis_playbook.signals import Line, Signal
from crisis_playbook.single_values import Boolean, Choice, NewName, Number, Template, Text, free_name
from crisis_playbook.text_conditions import HasTopic, HasWords, Matches, Shows
from crisis_playbook.when import Channel, Language, Phrase, When, looks_at_text

TOPIC = Record("a topic", {"any": Key(OneOrMore(Phrase()), required=True), "not": Key(OneOrMore(Phrase()))}, dictionary)
_LINE_ONLY: dict[str, Reader] = {
    "points": Number(-100, 100, whole=False),
    "times": Number(1, 100),
    "reason": Text("a reason", 80),
}


def build_topic(name: str, values: dict[str, Any], reading: Reading) -> Topic:
    """A topic with its word lists registered."""
    number = reading.phrases.add_list([parsed for _, parsed in values["any"]])
    reading.topic_lists[name] = number
    excluded = reading.phrases.add_list([parsed for _, parsed in values["not"]]) if "not" in values else None
    return Topic(name, number, excluded)


@dataclass(frozen=True, slots=True)
class PointsLine:
    """One line of a signal: conditions as under `when`, with `points`, and `times` and `reason` if wanted."""

    when = When("a line of points", signals=False)

    def read(self, node: Node, reading: Reading) -> Line:
        if not isinstance(node, document.Mapping):
            raise wrong(
                node.place, f"{described(node)} stands where points belong", "write {topic: complaint, points: 2}"
            )
        own = {key.text: value for key, value in node.entries if key.text in _LINE_ONLY}
        conditions = self.when.read_entries([e for e in node.entries if e[0].text not in _LINE_ONLY], reading)
        values: dict[str, Any] = {name: _LINE_ONLY[name].read(value, reading) for name, value in own.items()}
        if "points" not in values:
            raise wrong(node.place, "a line of points has no 'points'", "add 'points: 1'")
        if not conditions:
            raise wrong(node.place, "a line of points asks for nothing", "add a condition, such as topic: complaint")
        whole = conditions[0] if len(conditions) == 1 else AllOf(conditions)
        reason = values.get("reason") or reason_of(whole)
        return Line(whole, values["points"], int(values.get("times", 1)), reason, str(own["points"].place))

    def schema(self) -> Schema:
        schema = self.when.schema()
        own = {name: reader.schema() for name, reader in _LINE_ONLY.items()}
        return schema | {"properties": schema["properties"] | own, "required": ["points"]}


def reason_of(condition: Condition) -> str:
    """What a line is called in an explanation where it gives no reason of its own."""
    if isinstance(condition, AllOf):
        return " and ".join(reason_of(part) for part in condition.parts)
    if isinstance(condition, HasTopic):
        return f"topic {' or '.join(condition.names)}"
    if isinstance(condition, Shows):
        return " or ".join(known.sign.meaning for known in condition.signs)
    if isinstance(condition, HasWords):
        return "words"
    return condition.word if isinstance(condition, Matches) else condition.text


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Levels of a signal with the points they need, such as {possible: 2, likely: 3}."""

    def read(self, node: Node, reading: Reading) -> dict[str, float]:
        if not isinstance(node, document.Mapping) or not node.entries:
            raise wrong(node.place, "levels need names and points", "write levels: {possible: 2, likely: 3}")
        levels: dict[str, float] = {}
        for key, value in node.entries:
            with reading.noting():
                levels[free_name(key)] = Number(-1000, 1000, whole=False).read(value, reading)
        return dict(sorted(levels.items(), key=lambda level: level[1]))

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": {"type": "number"}, "minProperties": 1}


SIGNAL = Record(
    "a signal",
    {
        "points": Key(Items(PointsLine(), 1, "a list of points"), required=True),
        "levels": Key(Thresholds(), required=True),
    },
    dictionary,
)


def build_signal(name: str, values: dict[str, Any], reading: Reading) -> Signal:
    """A signal with the index of its lines."""
    lines: tuple[Line, ...] = values["points"]
    lists = {level: reading.level_list(name, level) for level in values["levels"]}
    return Signal(name, lines, values["levels"], lists, Index(line.condition.gate() for line in lines))


def _suggestions(values: dict[str, Any], place: Place) -> tuple[tuple[str, str], ...]:
    return tuple(values.items())


SUGGEST = Record(
    "suggest",
    {"move_to_private": Key(Template()), "reply": Key(Template()), "hide": Key(Template()), "answer": Key(Template())},
    _suggestions,
    at_least_one=True,
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is proposed: {move_to_private: template}, {reply: template}, or the word hide."""

    def read(self, node: Node, reading: Reading) -> tuple[tuple[str, str], ...]:
        if isinstance(node, document.Scalar) and node.text == "hide":
            return (("hide", ""),)
        pairs: tuple[tuple[str, str], ...] = SUGGEST.read(node, reading)
        return pairs

    def schema(self) -> Schema:
        return {"anyOf": [{"const": "hide"}, SUGGEST.schema()]}


PUBLIC_REPLY = Record("reply", {"public": Key(Template(), required=True)}, lambda values, _: values["public"])


@dataclass(frozen=True, slots=True)
class AutomaticReply:
    """The template an automatic reply says, and whether it may go out where everybody reads it: {public: template}."""

    def read(self, node: Node, reading: Reading) -> tuple[str, bool]:
        if isinstance(node, document.Mapping):
            return PUBLIC_REPLY.read(node, reading), True
        return Template().read(node, reading), False

    def schema(self) -> Schema:
        return {"anyOf": [Template().schema(), PUBLIC_REPLY.schema()]}


@dataclass(frozen=True, slots=True)
class Assignee:
    """A team, or a member of a team."""

    def read(self, node: Node, reading: Reading) -> str:
        return Recipient().read(node, reading)

    def schema(self) -> Schema:
        return {"type": "string", "description": "a team, or a member of one"}


ACTION = Record(
    "an action",
    {
        "assign": Key(Assignee()),
        "label": Key(OneOrMore(Text("a label", 80))),
        "suggest": Key(OneOrMore(Suggestion())),
        "reply": Key(AutomaticReply()),
        "hold_replies": Key(Choice(HOLDS)),
        "notify": Key(OneOrMore(Recipient())),
        "severity": Key(Choice(SEVERITIES)),
        "raise": Key(Number(0, 6)),
    },
    dictionary,
    at_least_one=True,
)


@dataclass(frozen=True, slots=True)
class Then:
    """A list of actions, or a single one."""

    def read(self, node: Node, reading: Reading) -> Actions:
        if isinstance(node, Listing):
            return _actions(read_items(node, ACTION, reading))
        return _actions((ACTION.read(node, reading),))

    def schema(self) -> Schema:
        return {"anyOf": [ACTION.schema(), {"type": "array", "items": ACTION.schema()}]}


def _actions(written: tuple[dict[str, Any], ...]) -> Actions:
    def first(key: str) -> Any:
        return next((action[key] for action in written if key in action), None)

    def every(key: str) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(value for action in written for value in action.get(key, ())))

    level = first("raise")
    reply, public = first("reply") or (None, False)
    return Actions(
        assign=first("assign"),
        labels=every("label"),
        suggestions=tuple(dict.fromkeys(pair for pairs in every("suggest") for pair in pairs)),
        reply=reply,
        reply_in_public=public,
        hold_replies=first("hold_replies"),
        notify=every("notify"),
        severity=first("severity") or "none",
        raise_level=None if level is None else int(level),
    )


GIVEN: dict[str, Reader] = {
    "channel": Channel(),
    "account": Text("an account's name"),
    "kind": Choice(KINDS),
    "visibility": Choice(VISIBILITIES),
    "language": Language(),
    "spoken_by": Choice(("customer", "us")),
    "addressed": Boolean(),
    "first_of_conversation": Boolean(),
    "hours": Choice(("open", "closed")),
    "author_followers": Number(0),
    "has_attachment": Boolean(),
    "label": OneOrMore(Text("a label")),
    "severity": Choice(SEVERITIES),
}
EXAMPLE = Record(
    "an example",
    {"text": Key(Text("a message"), required=True)} | {name: Key(reader) for name, reader in GIVEN.items()},
    lambda values, place: (values.pop("text"), values, str(place)),
)


@dataclass(frozen=True, slots=True)
class ExampleText:
    """A message, or a mapping with `text` and facts."""

    def read(self, node: Node, reading: Reading) -> tuple[str, dict[str, Any], str]:
        if isinstance(node, document.Mapping):
            example: tuple[str, dict[str, Any], str] = EXAMPLE.read(node, reading)
            return example
        return Text("a message").read(node, reading), {}, str(node.place)

    def schema(self) -> Schema:
        return {"anyOf": [Text("a message").schema(), EXAMPLE.schema()]}


EXAMPLES = Record(
    "examples", {"applies": Key(OneOrMore(ExampleText())), "does_not_apply": Key(OneOrMore(ExampleText()))}, dictionary
)


def _rule(values: dict[str, Any], place: Place) -> Rule:
    then: Actions = values.get("then", Actions())
    severity = max(values.get("severity", "none"), then.severity, key=SEVERITIES.index)
    written = values.get("examples", {})
    examples = tuple(
        Example(text, given, applies, where)
        for key, applies in (("applies", True), ("does_not_apply", False))
        for text, given, where in written.get(key, ())
    )
    if looks_at_text(values["when"]) and not any(example.applies for example in examples):
        name = values["rule"]
        missing = "no example under 'applies'" if "examples" in values else "no examples"
        fix = "add 'examples: {applies: [a message], does_not_apply: [a near miss]}'"
        raise wrong(place, f"rule {name} has {missing}", fix)
    if "then" not in values and "severity" not in values:
        raise wrong(place, f"rule {values['rule']} has no 'then'", "add 'then: [{label: …}]' or a severity")
    actions = replace(then, severity=severity)
    return Rule(values["rule"], values["when"], actions, values.get("continue", False), examples, str(place))


RULE = Record(
    "a rule",
    {
        "rule": Key(NewName(), required=True),
        "severity": Key(Choice(SEVERITIES)),
        "when": Key(When(), required=True),
        "then": Key(Then()),
        "continue": Key(Boolean()),
        "examples": Key(EXAMPLES),
    },
    _rule,
)
QUESTION = Record(
    "a question",
    {"id": Key(NewName(), required=True), "when": Key(When(), required=True), "answer": Key(Template(), required=True)},
    lambda values, place: Question(values["id"], values["when"], values["answer"], str(place)),
)
