"""The full-text index of messages, as the databases want it. Frozen: `inbox/search.py` explains it."""

from __future__ import annotations

from sqlalchemy import Connection, text

ON_SQLITE = """
CREATE VIRTUAL TABLE message_search USING fts5(
  text, author_name, content='messages', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
)
"""
ON_POSTGRESQL = """
CREATE INDEX ix_messages_search ON messages USING gin (
  to_tsvector('simple', translate(lower(text || ' ' || coalesce(author_name, '')),
    'äöüàáâãåèéêëìíîïòóôõùúûçñ', 'aouaaaaaeeeeiiiioooouuucn'))
)
"""


def create_search_index(connection: Connection) -> None:
    """Creates it on an empty `messages` table."""
    connection.execute(text(ON_SQLITE if connection.dialect.name == "sqlite" else ON_POSTGRESQL))
