"""Full-text search over messages and their authors, newest first, on both databases.

What people may write: words (all must occur), `"a phrase"`, `word*` for beginnings, `-word` to leave out. Nothing they
write can be a syntax error: only letters and digits reach the database, each word quoted. Case and accents do not
matter, ä finds ae and ß finds ss. When no message holds the words as they are, the last one counts as a beginning,
so that a search answers while it is being typed. The index itself: `inbox/migrations/search_index.py`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from inbox.db import is_sqlite
from inbox.migrations.search_index import EXPRESSION

LONGEST_QUERY = 500
MOST_TERMS = 16
_TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_WORD = re.compile(r"[^\W_]+")
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}

ON_SQLITE = """
SELECT messages.id, messages.conversation_id FROM message_search JOIN messages ON messages.id = message_search.rowid
WHERE message_search MATCH :expression AND message_search.rowid < :before
ORDER BY message_search.rowid DESC LIMIT :limit
"""
ON_POSTGRESQL = f"""
SELECT id, conversation_id FROM messages
WHERE {EXPRESSION.replace(":", chr(92) + ":")} @@ to_tsquery('simple', :expression) AND id < :before
ORDER BY id DESC LIMIT :limit
"""  # noqa: S608 - a constant; a backslash keeps SQLAlchemy from taking [:alnum:] for a parameter


class Found(NamedTuple):
    """One message that fits."""

    message_id: int
    conversation_id: int


@dataclass(frozen=True, slots=True)
class Term:
    """One thing searched for: a word in its spellings, or the words of a phrase."""

    words: tuple[frozenset[str], ...]
    beginning: bool = False
    excluded: bool = False


def matching(session: Session, query: str, *, limit: int, before: int | None = None) -> list[Found]:
    """The newest messages that fit, by falling id; `before` goes on below a message id. Empty for an empty query."""
    terms = parse(query)
    if all(term.excluded for term in terms):
        return []
    found = _run(session, terms, limit, before)
    if found or (before is not None and _run(session, terms, 1, None)):
        return found
    # As it is being typed: nothing has the word itself.
    last = max(index for index, term in enumerate(terms) if not term.excluded)
    if terms[last].beginning or len(terms[last].words) > 1:
        return []
    return _run(session, [*terms[:last], replace(terms[last], beginning=True), *terms[last + 1 :]], limit, before)


def parse(query: str) -> list[Term]:
    """The terms of a query, at most `MOST_TERMS`; whatever is no letter or digit only separates."""
    terms: list[Term] = []
    for minus, phrase, bare in _TERM.findall(unicodedata.normalize("NFC", query[:LONGEST_QUERY]).lower()):
        words = tuple(_spellings(word) for word in _WORD.findall(phrase or bare))
        if words:
            terms.append(Term(words, beginning=bare.endswith("*"), excluded=bool(minus)))
    return terms[:MOST_TERMS]


def _run(session: Session, terms: list[Term], limit: int, before: int | None) -> list[Found]:
    sqlite = is_sqlite(session)
    values = {
        "expression": for_sqlite(terms) if sqlite else for_postgresql(terms),
        "before": before if before is not None else 2**62,
        "limit": limit,
    }
    rows = session.execute(text(ON_SQLITE if sqlite else ON_POSTGRESQL), values)
    return [Found(*row) for row in rows]


def for_sqlite(terms: list[Term]) -> str:
    """The terms as an FTS5 expression; at least one is not excluded."""

    def one(word: frozenset[str], beginning: bool) -> str:
        spellings = [f'"{spelling}"{"*" if beginning else ""}' for spelling in sorted(word)]
        return f"({' OR '.join(spellings)})" if len(spellings) > 1 else spellings[0]

    def term(wanted: Term) -> str:
        if len(wanted.words) == 1:
            return one(wanted.words[0], wanted.beginning)
        # A phrase takes no alternatives in FTS5.
        return " + ".join(f'"{_plain(word)}"' for word in wanted.words) + ("*" if wanted.beginning else "")

    wanted = " AND ".join(f"({term(each)})" for each in terms if not each.excluded)
    return " NOT ".join([f"({wanted})", *(f"({term(each)})" for each in terms if each.excluded)])


def for_postgresql(terms: list[Term]) -> str:
    """The terms as a tsquery."""

    def one(word: frozenset[str], beginning: bool) -> str:
        ending = ":*" if beginning else ""
        return "(" + " | ".join(f"'{spelling}'{ending}" for spelling in sorted(word)) + ")"

    def term(wanted: Term) -> str:
        last = len(wanted.words) - 1
        parts = [one(word, wanted.beginning and index == last) for index, word in enumerate(wanted.words)]
        return f"{'!' if wanted.excluded else ''}({' <-> '.join(parts)})"

    return " & ".join(term(each) for each in terms)


def _spellings(word: str) -> frozenset[str]:
    """How the index may hold a lower-case word: ä as a or ae, ß or ss."""
    expanded = "".join(_UMLAUTS.get(letter, letter) for letter in word)
    contracted = re.sub("([aou])e", r"\1", word)
    forms = {_fold(word), _fold(expanded), _fold(contracted)}
    return frozenset(forms | {form.replace("ß", "ss") for form in forms} | {form.replace("ss", "ß") for form in forms})


def _plain(word: frozenset[str]) -> str:
    return min(word, key=lambda spelling: (len(spelling), spelling))


def _fold(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
