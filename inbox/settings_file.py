"""Reading `zuruf.toml` and the environment so that every mistake can name its place: file and line, or variable."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inbox.errors import InboxError

PREFIX = "ZURUF_"
NOT_SETTINGS = frozenset({"ZURUF_CONFIG", "ZURUF_RECORDED", "ZURUF_DATA", "ZURUF_PLAYBOOK"})
"""Variables of ours that are no keys of the configuration; so is everything under ZURUF_TEST_ and ZURUF_BENCH_."""

Place = tuple[str | int, ...]
"""Where a value stands: `("accounts", 0, "poll_every")`."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with the configuration: `zuruf.toml:12`, what, and what to write instead."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class SettingsProblem(InboxError):
    """The configuration cannot be used. Prints one line for each mistake."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(slots=True)
class Written:
    """What was written, and where."""

    values: dict[str, Any]
    lines: dict[Place, int]
    variables: dict[Place, str]
    file: str

    def where(self, place: Place) -> str:
        """The variable or the `file:line` of a place, or of the nearest thing around it."""
        for length in range(len(place), 0, -1):
            around = place[:length]
            if around in self.variables:
                return f"environment variable {self.variables[around]}"
            if around in self.lines:
                return f"{self.file}:{self.lines[around]}"
        return self.file


def read(file: Path) -> Written:
    """Reads a TOML file; raises SettingsProblem when it is not there or not TOML."""
    try:
        # Some editors put a mark before the first letter.
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise SettingsProblem(
            [Mistake(str(file), "there is no such file. Copy zuruf.example.toml, or name yours with --config FILE")]
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsProblem([Mistake(f"{file}:{line}", "not UTF-8 text; save the file as UTF-8")]) from None
    except OSError as error:
        reason = f"cannot be read ({error.strerror}); let the user who runs Zuruf read it"
        raise SettingsProblem([Mistake(str(file), reason)]) from None
    return parse(text, str(file))


def parse(text: str, file: str = "zuruf.toml") -> Written:
    """The same for text that is already there; `file` is what errors call it."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = found.group(1) if found else str(text.count("\n") + 1)
        reason = re.sub(r"\s*\(at .*\)", "", str(error))
        raise SettingsProblem(
            [Mistake(f"{file}:{line}", f"not valid TOML: {reason}. Text stands in quotes; see zuruf.example.toml")]
        ) from None
    return Written(values, locate(text), {}, file)


def overlay(written: Written, environ: Mapping[str, str]) -> None:
    """Lays `ZURUF_…` variables over the file's values. An account is named by its place (0, 1, …) or its name:
    `ZURUF_ACCOUNTS__SHOP_TWITTER__POLL_EVERY` is `poll_every` of the account `shop-twitter`."""
    for name in sorted(environ):
        if (
            name.startswith(PREFIX)
            and name not in NOT_SETTINGS
            and not name.startswith(("ZURUF_TEST_", "ZURUF_BENCH_"))
        ):
            parts = [part.lower() for part in name.removeprefix(PREFIX).split("__")]
            _put(written, parts, environ[name], name)


def _put(written: Written, parts: list[str], value: str, variable: str) -> None:
    here: Any = written.values
    place: Place = ()
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if isinstance(here, list):
            number = _account_number(here, part)
            if number is None or last:
                names = ", ".join(str(entry.get("name")) for entry in here if isinstance(entry, dict))
                raise SettingsProblem(
                    [Mistake(f"environment variable {variable}", f"there is no account {part!r}; there are: {names}")]
                )
            here, place = here[number], (*place, number)
            continue
        place = (*place, part)
        if last:
            here[part] = value
            written.variables[place] = variable
            return
        here = here.setdefault(part, [] if not index and part == "accounts" else {})
        if not isinstance(here, dict | list):
            raise SettingsProblem(
                [Mistake(f"environment variable {variable}", f"{'.'.join(map(str, place))} is a value, not a section")]
            )


def _account_number(entries: list[Any], part: str) -> int | None:
    if part.isdecimal():
        number = int(part)
        if number == len(entries):
            entries.append({})
        return number if number < len(entries) else None
    for number, entry in enumerate(entries):
        if isinstance(entry, dict) and re.sub(r"\W", "_", str(entry.get("name"))).lower() == part:
            return number
    return None


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=\s*(.*)$""")


def locate(text: str) -> dict[Place, int]:
    """The line of each table and key of a valid TOML text. What stands inside one line's braces has that line's."""
    lines: dict[Place, int] = {}
    table: Place = ()
    counts: dict[Place, int] = {}
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            if closing in line:
                closing = ""
            continue
        if header := _HEADER.match(line):
            table = _table(_split(header.group(2)), header.group(1) == "[[", counts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            place = table
            for part in _split(key.group(1)):
                place = (*place, part)
                lines.setdefault(place, number)
            closing = _opened(key.group(2))
    return lines


def _split(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", dotted)]


def _table(parts: list[str], is_entry: bool, counts: dict[Place, int]) -> Place:
    place: Place = ()
    for index, part in enumerate(parts):
        place = (*place, part)
        if is_entry and index == len(parts) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _opened(value: str) -> str:
    """What will close a value that goes on over several lines, empty when it ends here."""
    for quotes in ('"""', "'''"):
        if value.startswith(quotes):
            return "" if value.count(quotes) > 1 else quotes
    return "]" if value.startswith("[") and value.count("[") > value.count("]") else ""
