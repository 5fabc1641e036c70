"""`accounts`: health, lag, quota and cost; `accounts pause` and `accounts resume`."""

from __future__ import annotations

import argparse
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import accounts
from inbox.commands.arguments import JSON_HELP
from inbox.commands.opening import ACTOR, DONE, WRONG, local, opened, say, say_json, say_table
from inbox.db import reading, writing
from inbox.errors import NotThere
from inbox.models import Account
from inbox.queries.account_views import AccountView
from inbox.queries.accounts import accounts as account_views


def add(subcommands: Any) -> None:
    """Registers `accounts`."""
    parser = subcommands.add_parser("accounts", help="health, lag, quota and cost of each account")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    parser.set_defaults(handle=show)
    verbs = parser.add_subparsers(metavar="[VERB]")
    for name, help, handle in (
        ("pause", "stops polling and sending until somebody resumes it", pause),
        ("resume", "lifts a pause, or a stop after the platform saw abuse", resume),
    ):
        verb = verbs.add_parser(name, help=help)
        verb.add_argument("name", metavar="NAME")
        verb.set_defaults(handle=handle)


def show(parsed: argparse.Namespace) -> int:
    """`accounts`; 1 when one of them needs somebody."""
    with opened(parsed) as house, reading(house.sessions) as session:
        views = account_views(session, house.channels, house.now)
        if parsed.json:
            say_json(views)
        else:
            rows = [
                (
                    view.name,
                    view.channel_title,
                    view.health,
                    local(view.last_success_at, house.settings),
                    "" if view.lag_seconds is None else f"{view.lag_seconds:.0f} s",
                    _quota(view),
                    _cost(view),
                )
                for view in views
            ]
            headings = ("ACCOUNT", "CHANNEL", "HEALTH", "LAST SUCCESS", "LAG", "QUOTA", "COST")
            say_table(headings, rows, "No account yet: add [[accounts]] to the configuration and start the daemon.")
            for view in views:
                if view.health != "ok":
                    say(f"{view.name}: {view.health_detail}")
                for problem in view.problems:
                    say(f"{view.name}: {problem}")
                if view.incomplete_since:
                    say(f"{view.name}: incomplete since {local(view.incomplete_since, house.settings)}")
    return WRONG if any(view.health in ("reconnect", "blocked", "failing") for view in views) else DONE


def _quota(view: AccountView) -> str:
    return f"{max(quota.used_percent for quota in view.quota):.0f} %" if view.quota else ""


def _cost(view: AccountView) -> str:
    cost = view.cost_this_month
    return f"${cost.amount:.2f}, ${cost.forecast:.2f} to month's end" if cost.amount or cost.forecast else ""


def _id(session: Session, name: str) -> int:
    found = session.scalar(select(Account.id).where(Account.name == name))
    if found is None:
        names = ", ".join(session.scalars(select(Account.name).order_by(Account.name))) or "none"
        raise NotThere(f"account {name}; there are: {names}")
    return found


def pause(parsed: argparse.Namespace) -> int:
    """`accounts pause NAME`"""
    with opened(parsed) as house, writing(house.sessions) as session:
        accounts.pause(session, _id(session, parsed.name), ACTOR, house.now)
    say(f"{parsed.name} is paused.")
    return DONE


def resume(parsed: argparse.Namespace) -> int:
    """`accounts resume NAME`"""
    with opened(parsed) as house, writing(house.sessions) as session:
        accounts.resume(session, _id(session, parsed.name), ACTOR, house.now)
    say(f"{parsed.name} polls and sends again.")
    return DONE
