"""`check`: configuration, database, playbook, templates, and what each platform says; one line each, and the cure."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import crisis_playbook
from connectors.base import ConnectorError
from crisis_playbook import PlaybookErrors
from inbox import logins
from inbox.clock import system_clock
from inbox.commands.arguments import JSON_HELP
from inbox.commands.opening import DONE, WRONG, configuration, say, say_json
from inbox.db import open_engine, schema_version
from inbox.errors import InboxError
from inbox.migrations import HEAD
from inbox.runtime import Channels
from inbox.settings import AccountSettings, Settings
from inbox.sla import hours_named
from inbox.wording import open_wording


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it fits, and what was found or what to do."""

    what: str
    ok: bool
    detail: str


def add(subcommands: Any) -> None:
    """Registers `check`."""
    parser = subcommands.add_parser("check", help="is everything right? asks each platform too; says how to mend it")
    parser.add_argument("--offline", action="store_true", help="do not ask the platforms")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    parser.set_defaults(handle=check)


def check(parsed: argparse.Namespace) -> int:
    """`check`; 1 when something is wrong, 2 (an error) when the configuration cannot be read."""
    settings = configuration(parsed)
    findings = []
    for finding in look(settings, parsed.channels(), system_clock(), ask=not parsed.offline):
        findings.append(finding)
        if not parsed.json:
            say(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.what}: {finding.detail}")
    if parsed.json:
        say_json(findings)
    return DONE if all(finding.ok for finding in findings) else WRONG


def look(settings: Settings, channels: Channels, now: datetime, *, ask: bool) -> Iterator[Finding]:
    """Every finding, in the order in which one would mend them."""
    count = len(settings.accounts)
    yield Finding("configuration", True, f"{count} account{'s' if count != 1 else ''}, {settings.inbox.timezone}")
    database = _database(settings)
    yield database
    yield from _playbook(settings)
    if not settings.accounts:
        yield Finding("accounts", False, "none is configured; add [[accounts]], see zuruf.example.toml")
    for account in settings.accounts if ask else ():
        yield _account(settings, account, channels, now, stored=database.ok)


def _database(settings: Settings) -> Finding:
    try:
        engine = open_engine(settings.inbox.database)
        version = schema_version(engine)
        engine.dispose()
    except InboxError as error:
        return Finding("database", False, str(error))
    if version is None:
        return Finding("database", True, "empty; the first start makes its tables")
    if version > HEAD:
        return Finding(
            "database", False, f"version {version} is newer than this Zuruf, which knows {HEAD}; update Zuruf"
        )
    return Finding("database", True, f"version {version}" + ("" if version == HEAD else "; the next start updates it"))


def _playbook(settings: Settings) -> Iterator[Finding]:
    wording = open_wording(settings.playbook.templates, settings.inbox.language)
    problems = wording.check()
    names = wording.names()
    for problem in problems:
        yield Finding("templates", False, problem)
    if not problems:
        yield Finding("templates", bool(names), f"{len(names)} in {settings.playbook.templates}")
    # Without any template each rule that names one would be a mistake: one line has said it already.
    known = names or None
    try:
        report = crisis_playbook.check(settings.playbook.directory, known)
        playbook = crisis_playbook.load(settings.playbook.directory, known) if report.ok else None
    except PlaybookErrors as error:
        yield from (Finding("playbook", False, str(mistake)) for mistake in error.mistakes)
        return
    if playbook is None:
        yield from (Finding("playbook", False, str(mistake)) for mistake in report.mistakes)
        return
    counts = f"{report.rules} rules, {report.examples} examples, {report.scenarios} scenarios"
    yield Finding("playbook", True, f"{counts}, {playbook.hash[:12]}")
    for name in playbook.hours:
        try:
            opening = hours_named(playbook, name, settings.inbox).next_opening(system_clock())
        except InboxError as error:
            yield Finding(f"hours {name}", False, str(error))
        else:
            if opening is None:
                yield Finding(f"hours {name}", False, "they never open, so nothing is ever due")


def _account(
    settings: Settings, account: AccountSettings, channels: Channels, now: datetime, *, stored: bool
) -> Finding:
    try:
        configured = account.as_login()
        login = logins.from_database(settings.inbox.database, configured) if stored else configured
        inspection = channels[account.channel](login).inspect(now)
    except (ConnectorError, InboxError) as error:
        return Finding(account.name, False, str(error))
    if inspection.problems:
        return Finding(account.name, False, " ".join(inspection.problems))
    until = f", until {inspection.expires_at:%Y-%m-%d}" if inspection.expires_at else ""
    return Finding(account.name, True, f"signed in as {inspection.account_name}{until}")
