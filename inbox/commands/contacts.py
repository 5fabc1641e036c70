"""`contact export` and `contact erase`: data protection."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from inbox import contacts
from inbox.commands.arguments import whole_number
from inbox.commands.opening import ACTOR, DONE, USAGE, complain, opened, say, say_json
from inbox.db import reading, writing

ID_HELP = "stands on the person's page"


def add(subcommands: Any) -> None:
    """Registers `contact`."""
    verbs = subcommands.add_parser("contact", help="data protection").add_subparsers(required=True, metavar="VERB")
    exporting = verbs.add_parser("export", help="everything held about one person, as JSON")
    exporting.add_argument("id", type=whole_number(), metavar="ID", help=ID_HELP)
    exporting.set_defaults(handle=export)
    erasing = verbs.add_parser("erase", help="removes what identifies one person and everything they wrote to us")
    erasing.add_argument("id", type=whole_number(), metavar="ID", help=ID_HELP)
    erasing.add_argument("--yes", action="store_true", help="do not ask")
    erasing.set_defaults(handle=erase)


def export(parsed: argparse.Namespace) -> int:
    """`contact export ID`"""
    with opened(parsed) as house, reading(house.sessions) as session:
        say_json(contacts.export(session, parsed.id))
    return DONE


def erase(parsed: argparse.Namespace) -> int:
    """`contact erase ID`; asks once on a terminal. Standard input that is no terminal counts as a yes."""
    if sys.stdin.isatty() and not parsed.yes:
        answer = input(f"Erase contact {parsed.id} for good? Write yes: ")
        if answer.strip().lower() not in ("yes", "ja"):
            complain("Nothing was erased.")
            return USAGE
    with opened(parsed) as house, writing(house.sessions) as session:
        contacts.erase(session, parsed.id, ACTOR, house.now)
    say(f"Contact {parsed.id} is erased.")
    return DONE
