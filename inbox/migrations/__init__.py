"""The schema's history. A new database is made as the models say; an older one is brought up to date at start by the
migrations it lacks; one written by a newer Zuruf is refused.

A new migration after a change of the models: `python -m inbox.migrations.draft "What changed"`, then read it, and set
`HEAD`. A test compares the migrated schema with the models on both databases, and with a new one.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from inbox.errors import DatabaseProblem
from inbox.migrations.search_index import create_search_index
from inbox.models import Base

HEAD = "0001"
"""The newest migration. Written here so that an up-to-date database costs one query at start, and no alembic."""
FOLDER = Path(__file__).parent


class NewerDatabase(DatabaseProblem):
    """The database was written by a Zuruf that is newer than this one."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"The database has version {version}; this Zuruf knows versions up to {HEAD}. It was written by a newer "
            "Zuruf: start that one again, or restore the backup made before the update. Nothing was changed."
        )


def version_of(connection: Connection) -> str | None:
    """The database's version, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return version


def create(connection: Connection) -> None:
    """The whole schema at once, in the caller's transaction, for a database that holds nothing: migrating through all
    of history would load alembic, which costs a twelfth of the start and ten megabytes for as long as we run."""
    Base.metadata.create_all(connection, checkfirst=False)
    create_search_index(connection)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": HEAD})


def upgrade(connection: Connection) -> None:
    """Runs what is missing, in the caller's transaction. Raises NewerDatabase for a version we do not know."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    version = version_of(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise NewerDatabase(version)
    command.upgrade(config, "head")
