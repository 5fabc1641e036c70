"""The full-text index of messages. The database keeps it, as it keeps every other index: nobody can forget to.

SQLite: an FTS5 table that borrows its text from `messages` (nothing is stored twice, nor the lengths that only ranking
would need) and needs the old text to take a word out again, so three triggers feed it. PostgreSQL: an index on an
expression. Both fold case and accents alike; `inbox/search.py` writes the same expression, or PostgreSQL would not use
the index.
"""

from __future__ import annotations

from sqlalchemy import Connection

SQLITE = (
    """CREATE VIRTUAL TABLE message_search USING fts5(
    text, author_name, content='messages', content_rowid='id', columnsize=0,
    tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER messages_into_search AFTER INSERT ON messages BEGIN
    INSERT INTO message_search(rowid, text, author_name) VALUES (new.id, new.text, new.author_name);
    END""",
    """CREATE TRIGGER messages_out_of_search AFTER DELETE ON messages BEGIN
    INSERT INTO message_search(message_search, rowid, text, author_name)
    VALUES ('delete', old.id, old.text, old.author_name);
    END""",
    """CREATE TRIGGER messages_changed_in_search AFTER UPDATE OF id, text, author_name ON messages BEGIN
    INSERT INTO message_search(message_search, rowid, text, author_name)
    VALUES ('delete', old.id, old.text, old.author_name);
    INSERT INTO message_search(rowid, text, author_name) VALUES (new.id, new.text, new.author_name);
    END""",
)
EXPRESSION = r"""to_tsvector('simple', regexp_replace(translate(
    lower(text || ' ' || coalesce(author_name, '')), 'äöüàáâãåèéêëìíîïòóôõùúûçñ', 'aouaaaaaeeeeiiiioooouuucn'),
    '[^[:alnum:]]+', ' ', 'g'))"""
POSTGRESQL = f"CREATE INDEX ix_messages_search ON messages USING gin (({EXPRESSION}))"


def create_search_index(connection: Connection) -> None:
    """Creates it on an empty `messages` table."""
    for statement in SQLITE if connection.dialect.name == "sqlite" else (POSTGRESQL,):
        connection.exec_driver_sql(statement)
