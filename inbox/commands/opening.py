"""What commands share: the configuration and the database, opened as the daemon opens them, and how they print.

The command line gives every command `parsed.config` and `parsed.channels`, a function that returns all channels: the
clients of three platforms cost half a second, so they are imported when somebody needs them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine

from inbox import logs
from inbox.clock import system_clock
from inbox.db import migrate, open_engine, session_factory
from inbox.runtime import Channels, Sessions
from inbox.settings import Settings, config_file, load

DONE, WRONG, USAGE = 0, 1, 2
ACTOR = "command line"
"""Who acts, in the timeline, when somebody uses a command."""


@dataclass(frozen=True, slots=True)
class House:
    """What a command works on."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    channels: Channels
    now: datetime


def configuration(parsed: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of `--config`, ZURUF_CONFIG or zuruf.toml. Raises SettingsProblem."""
    return load(config_file(getattr(parsed, "config", None), environ), environ, parsed.channels())


@contextmanager
def opened(parsed: argparse.Namespace) -> Iterator[House]:
    """The configured database, migrated, so that commands work before the first `run`."""
    settings = configuration(parsed)
    # Standard output is for what was asked; whatever a verb logs goes where the daemon's log goes.
    logs.set_up(settings)
    engine = open_engine(settings.inbox.database)
    try:
        migrate(engine)
        yield House(settings, engine, session_factory(engine), parsed.channels(), system_clock())
    finally:
        engine.dispose()


def say(line: str = "") -> None:
    """One line on standard output."""
    sys.stdout.write(line + "\n")


def complain(line: str) -> None:
    """One line on standard error."""
    sys.stderr.write(line + "\n")


def say_json(value: Any) -> None:
    """A value as indented JSON; times are RFC 3339 in UTC."""

    def other(thing: Any) -> Any:
        if is_dataclass(thing) and not isinstance(thing, type):
            return asdict(thing)
        if isinstance(thing, timedelta):
            return thing.total_seconds()
        if isinstance(thing, Path):
            return str(thing)
        raise TypeError(type(thing).__name__)

    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    sys.stdout.write(orjson.dumps(value, default=other, option=options).decode())


def say_table(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Columns side by side, or `empty` when there is no row."""
    if not rows:
        say(empty)
        return
    cells = [[str(heading) for heading in headings], *(["" if c is None else str(c) for c in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    for row in cells:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def local(moment: datetime | None, settings: Settings) -> str:
    """A time as the shop's clock shows it; `never` for None."""
    return "never" if moment is None else moment.astimezone(settings.inbox.zone).strftime("%Y-%m-%d %H:%M")
