"""`backup FILE`: a consistent copy of the database while the daemon runs."""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from inbox.commands.opening import DONE, USAGE, WRONG, complain, configuration, say
from inbox.db import is_sqlite, open_engine, schema_version
from inbox.errors import DatabaseProblem
from inbox.secrets_at_rest import key_file_for


def add(subcommands: Any) -> None:
    """Registers `backup`."""
    parser = subcommands.add_parser("backup", help="a consistent copy of the database while running (SQLite)")
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file; nothing is overwritten")
    parser.set_defaults(handle=backup)


def backup(parsed: argparse.Namespace) -> int:
    """`backup FILE`; 2 when FILE exists, 1 where there is nothing to copy, and on PostgreSQL after saying what to use
    there."""
    settings = configuration(parsed)
    engine = open_engine(settings.inbox.database)
    try:
        if not is_sqlite(engine):
            complain(
                "This database is PostgreSQL; its own tool makes the consistent copy:\n"
                f"  pg_dump --format=custom --file={parsed.file} {engine.url.set(drivername='postgresql')}"
            )
            return WRONG
        if parsed.file.exists():
            complain(f"{parsed.file} exists already; name a new file, nothing is overwritten.")
            return USAGE
        if not parsed.file.absolute().parent.is_dir():
            complain(f"There is no folder {parsed.file.absolute().parent}; make it, or name another.")
            return USAGE
        source = Path(engine.url.database or "")
        if not source.exists() or schema_version(engine) is None:
            complain(f"{source} holds nothing yet, so there is nothing to keep. Look at [inbox] database.")
            return WRONG
        copy(engine, parsed.file)
    finally:
        engine.dispose()
    say(f"{parsed.file}: {parsed.file.stat().st_size:,} bytes. Keep {key_file_for(settings.inbox.database)} beside it,")
    say("in another place: without that key the refreshed logins in it cannot be read.")
    return DONE


def copy(engine: Engine, file: Path) -> None:
    """Copies an SQLite database as it is at this moment; writers go on. The file appears only when it is whole.

    Raises DatabaseProblem where it cannot be made.
    """
    descriptor, aside = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.absolute().parent)
    os.close(descriptor)
    try:
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            # VACUUM INTO reads one moment of the database and cannot run inside a transaction.
            driver.execute("VACUUM INTO ?", (aside,))
        Path(aside).rename(file)
    except sqlite3.Error as error:
        raise DatabaseProblem(
            f"The copy {file} was not made: {error}. Make room on its disk, or name another place."
        ) from None
    finally:
        Path(aside).unlink(missing_ok=True)
