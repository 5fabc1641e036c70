"""`playbook check`, `playbook try` and `playbook decide`: the playbook on the command line, without a database.

What the configuration and the database need is imported by the verbs that ask for them: `decide` starts in a third of
the time without, and takes a third of the memory.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import orjson

from crisis_playbook import (
    KINDS,
    VISIBILITIES,
    Decision,
    Facts,
    Mistake,
    Playbook,
    PlaybookErrors,
    check,
    evaluate,
    json_schema,
    load,
    visibility_of,
)
from inbox.commands.arguments import JSON_HELP, language_code, whole_number

if TYPE_CHECKING:
    from inbox.settings import PlaybookSettings

HOURS = ("open", "closed")
BY_DEFAULT = "the configured playbook by default"
DONE, WRONG, USAGE = 0, 1, 2
_ANSWER = {True: "yes", False: "no", None: "cannot tell"}
_MARK = {True: "applied", False: "did not apply", None: "could not be decided"}


class BadLine(ValueError):
    """A line of the input that cannot be judged; says which and why."""


def add(subcommands: Any) -> None:
    """Register `playbook` with its sub-commands; each sets `handle`, a function from arguments to an exit code."""
    playbook = subcommands.add_parser("playbook", help="check, try and apply the crisis playbook")
    verbs = playbook.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_check(verbs)
    _add_try(verbs)
    _add_decide(verbs)
    schema = verbs.add_parser("schema", help="print the JSON Schema of a playbook's file, for editors")
    schema.set_defaults(handle=schema_command)
    _add_backtest(verbs)
    _add_versions(verbs)


def _add_check(verbs: Any) -> None:
    parser = verbs.add_parser("check", help="schema, names, every rule's examples, scenarios")
    parser.add_argument("directory", nargs="?", metavar="DIR", help=BY_DEFAULT)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    parser.set_defaults(handle=check_command)


def _add_try(verbs: Any) -> None:
    parser = verbs.add_parser("try", help="one message: every rule, and the words that decided")
    parser.add_argument("text", metavar="TEXT", help="what the customer wrote")
    parser.add_argument("--playbook", metavar="DIR", help=BY_DEFAULT)
    parser.add_argument("--channel", choices=["facebook", "instagram", "twitter", "x"], help="where it was written")
    parser.add_argument("--kind", choices=KINDS, default="comment", help="what the conversation is (default comment)")
    parser.add_argument("--visibility", choices=VISIBILITIES, help="who reads it; by its kind where missing")
    detected = "two letters; detected from the text where missing"
    parser.add_argument("--language", type=language_code, metavar="XX", help=detected)
    parser.add_argument("--hours", choices=HOURS, help="of the shop, at that moment")
    parser.add_argument("--not-addressed", dest="addressed", action="store_false", help="it does not speak to us")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    parser.set_defaults(handle=try_command)


def _add_decide(verbs: Any) -> None:
    parser = verbs.add_parser("decide", help="many messages: a JSON object a line in, a decision a line out")
    parser.add_argument("--in", dest="source", required=True, metavar="FILE.jsonl", help="'-' reads standard input")
    parser.add_argument("--out", dest="target", required=True, metavar="FILE.jsonl", help="'-' writes standard output")
    parser.add_argument("--playbook", metavar="DIR", help=BY_DEFAULT)
    parser.set_defaults(handle=decide_command)


def _add_backtest(verbs: Any) -> None:
    parser = verbs.add_parser("backtest", help="a candidate over stored messages against the one in force")
    parser.add_argument("directory", nargs="?", metavar="DIR", help="the configured playbook by default")
    parser.add_argument("--since", default="90d", metavar="TIME", help="how far back, such as 90d (default)")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    parser.set_defaults(handle=_in_versions("backtest_command"))


def _add_versions(verbs: Any) -> None:
    publish = verbs.add_parser("publish", help="put a directory's playbook in force")
    publish.add_argument("directory", metavar="DIR", help="where its *.yml files are")
    publish.add_argument("--by", required=True, metavar="NAME", help="the e-mail address of a manager")
    publish.add_argument("--reason", default="", help="why, for the history")
    publish.set_defaults(handle=_in_versions("publish_command"))
    export = verbs.add_parser("export", help="write the playbook in force (or a version) into a directory")
    export.add_argument("directory", metavar="DIR", help="where to; made where it is missing")
    export.add_argument("--version", type=whole_number(), metavar="N", help="which one; the one in force by default")
    export.set_defaults(handle=_in_versions("export_command"))
    versions = verbs.add_parser("versions", help="every version, with who and why")
    versions.add_argument("--json", action="store_true", help=JSON_HELP)
    versions.set_defaults(handle=_in_versions("versions_command"))


def _in_versions(name: str) -> Callable[[argparse.Namespace], int]:
    """A command that needs the database, imported when it is called."""

    def command(parsed: argparse.Namespace) -> int:
        from inbox.commands import playbook_versions

        code: int = getattr(playbook_versions, name)(parsed)
        return code

    return command


def _configured(arguments: argparse.Namespace) -> PlaybookSettings:
    """`[playbook]` of the configuration, the shipped playbook where there is none. Raises SettingsProblem."""
    from inbox.settings import config_file, load_playbook_section

    named = getattr(arguments, "config", None)
    file = config_file(named, os.environ)
    there = named or os.environ.get("ZURUF_CONFIG") or file.exists()
    return load_playbook_section(file if there else None, os.environ)


def _unknown_templates(directory: Path, names: frozenset[str]) -> tuple[Mistake, ...]:
    try:
        load(directory, names)
    except PlaybookErrors as errors:
        return errors.mistakes
    return ()


def check_command(arguments: argparse.Namespace, out: TextIO | None = None) -> int:
    """Check a playbook; 0 fine, 1 with every mistake printed as file:line.

    Of the configured playbook the reply templates must be there too. Another directory may come from elsewhere, before
    its templates: what `publish` would refuse here is shown as a warning.
    """
    from inbox.wording import open_wording

    out = out or sys.stdout
    settings = _configured(arguments)
    directory = Path(arguments.directory or settings.directory)
    names = open_wording(settings.templates, "de").names()
    own = directory.resolve() == settings.directory.resolve()
    report = check(directory, templates=names if own else None)
    if not own and report.ok:
        report = replace(report, warnings=(*_unknown_templates(directory, names), *report.warnings))
    if arguments.json:
        out.write(orjson.dumps(asdict(report) | {"ok": report.ok}).decode() + "\n")
        return DONE if report.ok else WRONG
    for mistake in report.mistakes:
        out.write(f"{mistake}\n")
    for warning in report.warnings:
        out.write(f"look: {warning}\n")
    if report.ok:
        out.write(f"fine: {report.rules} rules, {report.examples} examples, {report.scenarios} scenarios\n")
    return DONE if report.ok else WRONG


def schema_command(arguments: argparse.Namespace, out: TextIO | None = None) -> int:
    """Print the JSON Schema."""
    (out or sys.stdout).write(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2).decode() + "\n")
    return DONE


def _load(arguments: argparse.Namespace) -> Playbook | None:
    try:
        return load(arguments.playbook or _configured(arguments).directory)
    except PlaybookErrors as errors:
        sys.stderr.write(f"{errors}\n")
        return None


def try_command(arguments: argparse.Namespace, out: TextIO | None = None) -> int:
    """Judge one message and print every rule with what it found."""
    out = out or sys.stdout
    playbook = _load(arguments)
    if playbook is None:
        return WRONG
    row = {
        name: getattr(arguments, name) for name in ("channel", "kind", "visibility", "language", "hours", "addressed")
    }
    decision = evaluate(playbook, facts_of(row | {"text": arguments.text}), explain=True)
    if arguments.json:
        out.write(orjson.dumps(asdict(decision)).decode() + "\n")
    else:
        out.write("".join(f"{line}\n" for line in tried(decision)))
    return DONE


def tried(decision: Decision) -> Iterator[str]:
    """The lines `playbook try` prints for one decision."""
    for check_ in decision.checks:
        yield f"{check_.rule}: {_MARK[check_.applied]}  ({check_.place})"
        for step in check_.steps:
            yield f"    {_ANSWER[step.holds]:<12}{step.condition} - {step.why}"
    yield ""
    yield from decision.why or ("no rule applied",)
    score = f"complaint {decision.complaint} ({decision.score:g} points)"
    yield f"severity {decision.severity}, {score}, language {decision.language}"
    for points in decision.points:
        yield f"    {points.points:+g}  {points.reason}"
    if decision.labels:
        yield f"labels: {', '.join(decision.labels)}"
    for suggested in decision.suggestions:
        yield f"suggestion: {suggested.kind} {suggested.template}".rstrip()
    if decision.automatic_reply:
        yield f"automatic reply: {decision.automatic_reply}"
    if decision.answers:
        yield f"prepared answers: {', '.join(decision.answers)}"


def decide_command(arguments: argparse.Namespace) -> int:
    """Judge a file line by line; memory does not grow with it. Stops at a line that cannot be read.

    Raises OSError where a file cannot be opened, read or written.
    """
    if _same_file(arguments.source, arguments.target):
        sys.stderr.write(f"{arguments.target}: --in and --out are one file; name another one for --out\n")
        return USAGE
    playbook = _load(arguments)
    if playbook is None:
        return WRONG
    gc.freeze()  # the playbook stays; the collector need not look through it again and again
    try:
        with _opened(arguments.source, "rb") as source, _opened(arguments.target, "wb") as target:
            decide_lines(playbook, source, target)
    except BadLine as error:
        sys.stderr.write(f"{arguments.source}:{error}\n")
        return WRONG
    return DONE


def _same_file(source: str, target: str) -> bool:
    """Whether writing the answers would destroy the questions."""
    return Path(source).is_file() and Path(target).is_file() and Path(source).samefile(target)


def _opened(name: str, mode: str) -> Any:
    if name == "-":
        standard = sys.stdin if "r" in mode else sys.stdout
        return open(standard.fileno(), mode, closefd=False)
    return Path(name).open(mode)


def decide_lines(playbook: Playbook, source: Any, target: Any) -> None:
    """Judge JSON lines from `source` and write decisions to `target` in the same order.

    Raises BadLine with number and reason for a line that is no JSON object with `id` and `text`, or in which something
    stands that no message has.
    """
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            facts = facts_of(row)
            key = row["id"]
        except orjson.JSONDecodeError as error:
            raise BadLine(f"{number}: no JSON ({error}); write one JSON object a line") from None
        except KeyError as error:
            raise BadLine(f'{number}: {error} is missing; write {{"id": …, "text": "…"}}') from None
        except ValueError as error:
            raise BadLine(f"{number}: {error}") from None
        target.write(orjson.dumps(answer(key, evaluate(playbook, facts)), option=orjson.OPT_APPEND_NEWLINE))


_CHOICES: dict[str, tuple[str, ...]] = {"kind": KINDS, "visibility": VISIBILITIES, "hours": HOURS}
_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "channel": (str, "a text"),
    "account": (str, "a text"),
    "language": (str, "a text"),
    "addressed": (bool, "true or false"),
    "first_of_conversation": (bool, "true or false"),
    "has_attachment": (bool, "true or false"),
    "author_followers": ((int, float), "a number"),
}


def _check_row(row: object) -> None:
    """Raises ValueError for what would be judged as something it is not; null counts as missing."""
    if not isinstance(row, dict):
        raise ValueError('this is no JSON object; write {"id": …, "text": "…"}')
    for name, choices in _CHOICES.items():
        value = row.get(name)
        if value and value not in choices:
            raise ValueError(f"{name} is {value!r}; write {', '.join(choices[:-1])} or {choices[-1]}")
    for name, (wanted, in_words) in _TYPES.items():
        value = row.get(name)
        if value is not None and not isinstance(value, wanted):
            raise ValueError(f"{name} is {value!r}; write {in_words}")


def facts_of(row: dict[str, Any]) -> Facts:
    """One input line as facts. What is missing: kind comment, visibility by kind, addressed, first of its conversation.

    `addressed` missing counts as true, and a message judged alone is the first of its conversation. `sent_at` may be
    there; no condition asks for it. Raises KeyError where the text is missing, ValueError for what no message has.
    """
    _check_row(row)
    text = row["text"]
    if not isinstance(text, str):
        raise ValueError(f'text is {text!r}; write {{"id": …, "text": "…"}}')
    kind = row.get("kind") or "comment"
    channel = row.get("channel")
    addressed = row.get("addressed")
    first = row.get("first_of_conversation")
    return Facts(
        text=text,
        channel="twitter" if channel == "x" else channel,
        account=row.get("account"),
        kind=kind,
        visibility=row.get("visibility") or visibility_of(kind),
        language=row.get("language"),
        addressed=True if addressed is None else addressed,
        first_of_conversation=True if first is None else first,
        hours=row.get("hours"),
        author_followers=row.get("author_followers"),
        has_attachment=row.get("has_attachment"),
    )


def answer(key: object, decision: Decision) -> dict[str, Any]:
    """One output line of `playbook decide`."""
    return {
        "id": key,
        "rules": decision.rules,
        "severity": decision.severity,
        "labels": decision.labels,
        "suggestions": [{"kind": s.kind, "template": s.template} for s in decision.suggestions],
        "automatic_reply": decision.automatic_reply,
        "complaint": decision.complaint,
        "score": decision.score,
        "points": [{"reason": line.reason, "points": line.points} for line in decision.points],
        "why": decision.why,
    }
