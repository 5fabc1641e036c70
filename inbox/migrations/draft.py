"""Writes the next migration from the difference between the migrations and the models, to be read and corrected.

    python -m inbox.migrations.draft "What changed"          the next version
    python -m inbox.migrations.draft --first                 version 0001 anew, while nothing has been released

Column types are written as what the database sees, so that an old migration does not change with the models.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext

from inbox.db import open_engine
from inbox.migrations import FOLDER, HEAD, upgrade
from inbox.models import Base, UtcDateTime, meet_postgresql

VERSIONS = FOLDER / "versions"
TEMPLATE = '''"""{message}."""

import sqlalchemy as sa
from alembic import op
{imports}
revision = "{revision}"
down_revision = {down_revision!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: going back is restoring the backup made before the update."""
    {body}
{ending}'''
SEARCH_IMPORT = "\nfrom inbox.migrations.search_index import create_search_index\n"


def render_type(kind: str, thing: Any, context: AutogenContext) -> str | Literal[False]:
    """Times are whole microseconds to the database."""
    return "sa.BigInteger()" if kind == "type" and isinstance(thing, UtcDateTime) else False


def draft(message: str, revision: str, down_revision: str | None) -> Path:
    """Writes `versions/REVISION_….py`; returns its path."""
    first = down_revision is None
    meet_postgresql()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/draft.db")
        with engine.begin() as connection:
            if not first:
                upgrade(connection)
            context = MigrationContext.configure(connection, opts={"render_item": render_type, "compare_type": True})
            operations = produce_migrations(context, Base.metadata).upgrade_ops
        engine.dispose()
    assert operations is not None
    body = render_python_code(operations, render_item=render_type, migration_context=context)
    path = VERSIONS / ("0001_first.py" if first else f"{revision}_{message.lower().replace(' ', '_')}.py")
    path.write_text(
        TEMPLATE.format(
            message=message,
            revision=revision,
            down_revision=down_revision,
            body=body,
            imports=SEARCH_IMPORT if first else "",
            ending="    create_search_index(op.get_bind())\n" if first else "",
        )
    )
    return path


if __name__ == "__main__":
    if sys.argv[1:] == ["--first"]:
        print(draft("The first schema", "0001", None))  # noqa: T201
    elif len(sys.argv) == 2:
        print(draft(sys.argv[1], f"{int(HEAD) + 1:04}", HEAD))  # noqa: T201
    else:
        sys.exit(__doc__)
