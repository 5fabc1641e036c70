"""`user add`, `user list`, `user disable` and the like."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from inbox import access
from inbox.commands.arguments import JSON_HELP
from inbox.commands.opening import ACTOR, DONE, local, opened, say, say_json, say_table
from inbox.db import reading, writing
from inbox.errors import Refusal


def add(subcommands: Any) -> None:
    """Registers `user`."""
    verbs = subcommands.add_parser("user", help="people who sign in").add_subparsers(required=True, metavar="VERB")
    adding = _verb(verbs, "add", "lets somebody sign in; the password is asked for, or read from standard input")
    adding.add_argument("--role", choices=access.ROLES, default="agent", help="what they may do (default agent)")
    adding.add_argument("--name", default="", help="what colleagues read")
    adding.add_argument("--language", choices=["de", "en"], help="of the interface")
    adding.set_defaults(handle=add_user)
    listing = verbs.add_parser("list", help="everybody")
    listing.add_argument("--json", action="store_true", help=JSON_HELP)
    listing.set_defaults(handle=list_users)
    _verb(verbs, "disable", "ends somebody's access at once").set_defaults(handle=disable_user)
    _verb(verbs, "enable", "lets somebody disabled in again").set_defaults(handle=enable_user)
    _verb(verbs, "password", "sets a new password and ends every sign-in").set_defaults(handle=change_password)
    role = _verb(verbs, "role", "gives somebody another role")
    role.add_argument("role", choices=access.ROLES)
    role.set_defaults(handle=change_role)


def _verb(verbs: Any, name: str, help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=help)
    parser.add_argument("email", metavar="EMAIL")
    return parser


def read_password() -> str:
    """Twice from a terminal, once from standard input when piped. Raises Refusal when the two differ."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Refusal("The two passwords differ; nothing was changed.", 422)
    return password


def add_user(parsed: argparse.Namespace) -> int:
    """`user add EMAIL --role …`"""
    with opened(parsed) as house:
        password = read_password()
        with writing(house.sessions) as session:
            person = access.add_user(
                session,
                parsed.email,
                password,
                parsed.role,
                house.now,
                name=parsed.name,
                language=parsed.language,
                actor=ACTOR,
            )
    say(f"{person.email} can sign in as {person.role}.")
    return DONE


def list_users(parsed: argparse.Namespace) -> int:
    """`user list`"""
    with opened(parsed) as house, reading(house.sessions) as session:
        people = access.people(session, disabled=True)
        if parsed.json:
            say_json(people)
            return DONE
        rows = [
            (person.email, person.name, person.role, local(person.created_at, house.settings), _state(person))
            for person in people
        ]
    say_table(("EMAIL", "NAME", "ROLE", "SINCE", ""), rows, "Nobody yet: ./run user add EMAIL --role admin")
    return DONE


def _state(person: access.Person) -> str:
    return "disabled" if person.disabled_at else ""


def disable_user(parsed: argparse.Namespace) -> int:
    """`user disable EMAIL`"""
    with opened(parsed) as house, writing(house.sessions) as session:
        access.disable(session, parsed.email, house.now, actor=ACTOR)
    say(f"{parsed.email} cannot sign in any more.")
    return DONE


def enable_user(parsed: argparse.Namespace) -> int:
    """`user enable EMAIL`"""
    with opened(parsed) as house, writing(house.sessions) as session:
        access.enable(session, parsed.email, house.now, actor=ACTOR)
    say(f"{parsed.email} can sign in again.")
    return DONE


def change_password(parsed: argparse.Namespace) -> int:
    """`user password EMAIL`"""
    with opened(parsed) as house:
        password = read_password()
        with writing(house.sessions) as session:
            access.set_password(session, parsed.email, password, house.now, actor=ACTOR)
    say(f"{parsed.email} has a new password; every sign-in has ended.")
    return DONE


def change_role(parsed: argparse.Namespace) -> int:
    """`user role EMAIL ROLE`"""
    with opened(parsed) as house, writing(house.sessions) as session:
        access.change_role(session, parsed.email, parsed.role, house.now, actor=ACTOR)
    say(f"{parsed.email} is {parsed.role} now.")
    return DONE
