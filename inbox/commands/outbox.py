"""`outbox`: what is queued, uncertain or failed; `outbox retry` and `outbox cancel`."""

from __future__ import annotations

import argparse
from typing import Any

from inbox import outbox
from inbox.commands.arguments import JSON_HELP, whole_number
from inbox.commands.opening import ACTOR, DONE, local, opened, say, say_json, say_table
from inbox.db import reading, writing
from inbox.queries.outbox import STATES
from inbox.queries.outbox import outbox as outbox_page
from inbox.queries.reply_views import OutboxView

WORTH_SHOWING = ("queued", "sending", "unknown", "failed")


def add(subcommands: Any) -> None:
    """Registers `outbox`."""
    parser = subcommands.add_parser("outbox", help="queued, unknown and failed replies")
    parser.add_argument("--state", choices=STATES, help="only these; otherwise all that are not settled well")
    limit = "of each state, the newest (default 50, at most 200)"
    parser.add_argument("--limit", type=whole_number(1, 200), default=50, metavar="N", help=limit)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    parser.set_defaults(handle=show)
    verbs = parser.add_subparsers(metavar="[VERB]")
    for name, help, handle in (
        ("retry", "sends a failed or unknown reply again; look on the platform first whether it arrived", retry),
        ("cancel", "does not send it", cancel),
    ):
        verb = verbs.add_parser(name, help=help)
        verb.add_argument("id", type=whole_number(), metavar="ID")
        verb.set_defaults(handle=handle)


def show(parsed: argparse.Namespace) -> int:
    """`outbox`"""
    items: list[OutboxView] = []
    with opened(parsed) as house, reading(house.sessions) as session:
        for state in (parsed.state,) if parsed.state else WORTH_SHOWING:
            items += outbox_page(session, state=state, limit=parsed.limit).items
        if parsed.json:
            say_json(items)
            return DONE
        rows = [
            (
                item.id,
                item.state + (", waits for approval" if item.needs_approval else ""),
                item.account,
                item.way,
                local(item.created_at, house.settings),
                item.attempts,
                _short(item.text, 40),
                item.reason,
            )
            for item in items
        ]
    say_table(("ID", "STATE", "ACCOUNT", "WAY", "SINCE", "TRIES", "TEXT", "REASON"), rows, "Nothing is waiting.")
    return DONE


def _short(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def retry(parsed: argparse.Namespace) -> int:
    """`outbox retry ID`"""
    with opened(parsed) as house, writing(house.sessions) as session:
        outbox.retry(session, parsed.id, ACTOR, house.now)
    say(f"Reply {parsed.id} is queued again.")
    return DONE


def cancel(parsed: argparse.Namespace) -> int:
    """`outbox cancel ID`"""
    with opened(parsed) as house, writing(house.sessions) as session:
        outbox.cancel(session, parsed.id, ACTOR, house.now)
    say(f"Reply {parsed.id} is cancelled.")
    return DONE
