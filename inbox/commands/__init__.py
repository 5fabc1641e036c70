"""The command line, one file for each family of commands."""

from __future__ import annotations

from importlib import import_module
from typing import Any

FAMILIES = ("check", "playbook", "users", "tokens", "accounts", "outbox", "contacts", "backup")
"""The modules of this package; each has `add(subcommands)`."""


def add_all(subcommands: Any) -> None:
    """Register every command."""
    for family in FAMILIES:
        import_module(f"inbox.commands.{family}").add(subcommands)
