"""`token add`, `token list`, `token revoke`: keys for programs."""

from __future__ import annotations

import argparse
from typing import Any

from inbox import access
from inbox.commands.arguments import JSON_HELP
from inbox.commands.opening import ACTOR, DONE, local, opened, say, say_json, say_table
from inbox.db import reading, writing


def add(subcommands: Any) -> None:
    """Registers `token`."""
    verbs = subcommands.add_parser("token", help="keys for programs").add_subparsers(required=True, metavar="VERB")
    adding = verbs.add_parser("add", help="prints a new API token, once")
    adding.add_argument("name", metavar="NAME", help="stands in timelines as the author")
    adding.add_argument("--role", choices=access.ROLES, default="agent", help="what it may do (default agent)")
    adding.set_defaults(handle=add_token)
    listing = verbs.add_parser("list", help="every token, without its secret")
    listing.add_argument("--json", action="store_true", help=JSON_HELP)
    listing.set_defaults(handle=list_tokens)
    revoking = verbs.add_parser("revoke", help="ends a token at once")
    revoking.add_argument("name", metavar="NAME")
    revoking.set_defaults(handle=revoke_token)


def add_token(parsed: argparse.Namespace) -> int:
    """`token add NAME`: the token alone on one line, so that a script can take it."""
    with opened(parsed) as house, writing(house.sessions) as session:
        token = access.add_token(session, parsed.name, parsed.role, house.now, actor=ACTOR)
    say(token)
    return DONE


def list_tokens(parsed: argparse.Namespace) -> int:
    """`token list`"""
    with opened(parsed) as house, reading(house.sessions) as session:
        tokens = access.tokens(session)
        if parsed.json:
            say_json(tokens)
            return DONE
        rows = [
            (row.name, row.role, local(row.used_at, house.settings), "revoked" if row.revoked_at else "")
            for row in tokens
        ]
    say_table(("NAME", "ROLE", "LAST USED", ""), rows, "No token yet: ./run token add NAME")
    return DONE


def revoke_token(parsed: argparse.Namespace) -> int:
    """`token revoke NAME`"""
    with opened(parsed) as house, writing(house.sessions) as session:
        access.revoke_token(session, parsed.name, house.now, actor=ACTOR)
    say(f"The token {parsed.name} is worth nothing now.")
    return DONE
