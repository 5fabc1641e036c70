"""`playbook backtest`, `publish`, `export` and `versions`: the playbook as versions in the database."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import crisis_playbook
from crisis_playbook import PlaybookErrors
from inbox import access, playbooks
from inbox.backtest import Comparison, backtest
from inbox.commands.opening import DONE, USAGE, WRONG, House, complain, local, opened, say, say_json, say_table
from inbox.db import reading, writing
from inbox.durations import parse_duration
from inbox.wording import open_wording


def _templates(house: House) -> frozenset[str]:
    return open_wording(house.settings.playbook.templates, house.settings.inbox.language).names()


def backtest_command(parsed: argparse.Namespace) -> int:
    """Judge the stored messages with both playbooks and print what differs; nothing is sent."""
    with opened(parsed) as house, reading(house.sessions) as session:
        try:
            back = parse_duration(parsed.since)
        except ValueError as error:
            complain(f"--since {parsed.since}: {error}")
            return USAGE
        directory = Path(parsed.directory) if parsed.directory else house.settings.playbook.directory
        try:
            candidate = playbooks.load_files(playbooks.read_files(directory), _templates(house))
        except PlaybookErrors as error:
            complain(str(error))
            return WRONG
        in_force = playbooks.active(session)
        if in_force is None:
            complain("No playbook is in force yet, so there is nothing to compare with. Publish one first.")
            return WRONG
        active = playbooks.load_files(in_force.files)
        found = backtest(
            session, house.channels, house.settings.inbox, active, candidate, house.now - back, _show_progress
        )
    if parsed.json:
        say_json(found)
    else:
        _print(found)
    return DONE


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty() or done >= total:
        sys.stderr.write(f"\r{done} of {total} messages" + ("\n" if done >= total else ""))


def _print(found: Comparison) -> None:
    say(f"{found.messages} messages of {found.people} people; {found.different} decided otherwise, "
        f"of {found.different_people} people.")  # fmt: skip
    say(f"Automatic replies: {found.would_have_sent_before} before, {found.would_have_sent_after} with the candidate "
        f"(cost {found.cost_before:.2f} and {found.cost_after:.2f} US dollars).")  # fmt: skip
    names = sorted({*found.rules_before, *found.rules_after})
    rows = [
        [
            name,
            found.rules_before[name],
            found.rules_after[name],
            f"{found.rules_after[name] - found.rules_before[name]:+d}",
        ]
        for name in names
        if found.rules_before[name] != found.rules_after[name]
    ]
    say_table(["rule", "before", "after", "change"], rows, "No rule applies more or less often.")
    for one in found.shown[:20]:
        say()
        say(f"message {one.message_id} ({one.channel}): {' '.join(one.text.split())[:120]}")
        for name, before in asdict(one.before).items():
            after = getattr(one.after, name)
            if before != after:
                say(f"  {name}: {_plain(before)} -> {_plain(after)}")


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def publish_command(parsed: argparse.Namespace) -> int:
    """Check and publish; refused for somebody who is no manager."""
    with opened(parsed) as house:
        with reading(house.sessions) as session:
            person = access.person_by_email(session, parsed.by)
        if person is None:
            complain(f"Nobody signs in as {parsed.by}. Add them: ./run user add {parsed.by} --role manager")
            return USAGE
        if person.disabled_at is not None or not access.may(person.role, "manager"):
            complain(f"{parsed.by} is {person.role}; publishing a playbook needs the role manager.")
            return WRONG
        try:
            files = playbooks.read_files(Path(parsed.directory))
        except PlaybookErrors as error:
            complain(str(error))
            return WRONG
        scenarios = crisis_playbook.scenario_directory(parsed.directory)
        report = playbooks.check_files(files, _templates(house), scenarios)
        if not report.ok:
            for mistake in report.mistakes:
                complain(str(mistake))
            return WRONG
        with writing(house.sessions) as session:
            in_force = playbooks.active(session)
            if in_force is not None and in_force.hash == crisis_playbook.content_hash(playbooks.as_bytes(files)):
                say(f"There is nothing to publish: version {in_force.id}, in force, says the same.")
                return DONE
            number = playbooks.save_draft(session, files, person.email, parsed.reason, house.now)
            if house.settings.playbook.second_person:
                playbooks.ask_for_review(session, number, person.email, house.now)
                say(f"Version {number} waits for review: a second manager publishes it on the playbook page.")
                return DONE
            playbooks.publish(
                session, number, person.email, house.now, templates=_templates(house), second_person=False
            )
    say(f"Version {number} is in force.")
    return DONE


def export_command(parsed: argparse.Namespace) -> int:
    """Write a version's files."""
    with opened(parsed) as house, reading(house.sessions) as session:
        row = playbooks.version(session, parsed.version) if parsed.version else playbooks.active(session)
        if row is None:
            complain("No playbook is in force yet.")
            return WRONG
        target = Path(parsed.directory)
        if target.exists() and any(target.glob("*.yml")):
            complain(f"{target} holds playbook files already; name an empty directory.")
            return USAGE
        playbooks.write_files(row.files, target)
        say(f"Version {row.id} ({row.hash[:12]}): {len(row.files)} files in {target}.")
    return DONE


def versions_command(parsed: argparse.Namespace) -> int:
    """Newest first."""
    with opened(parsed) as house, reading(house.sessions) as session:
        rows = playbooks.versions(session)
        if parsed.json:
            keys = ("id", "hash", "status", "author", "reviewer", "reason", "created_at", "published_at")
            say_json([{key: getattr(row, key) for key in keys} for row in rows])
            return DONE
        say_table(
            ["version", "status", "hash", "author", "reviewer", "published", "reason"],
            [
                [
                    *(row.id, row.status, row.hash[:12], row.author, row.reviewer),
                    *(local(row.published_at, house.settings), row.reason),
                ]
                for row in rows
            ],
            "No version yet.",
        )  # fmt: skip
    return DONE
