"""The command line, one file for each family of commands."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import Any

FAMILIES = {
    "check": "check",
    "playbook": "playbook",
    "user": "users",
    "token": "tokens",
    "accounts": "accounts",
    "outbox": "outbox",
    "contact": "contacts",
    "backup": "backup",
}
"""{command: the module of this package it is in}; each module has `add(subcommands)`."""


def add_all(subcommands: Any, named: Collection[str] = ()) -> None:
    """Register the commands whose names are `named`, every command where none is: what is not asked for is not
    imported, because the database and the platforms' clients cost a second and a hundred megabytes."""
    for command, family in FAMILIES.items():
        if not named or command in named:
            import_module(f"inbox.commands.{family}").add(subcommands)
