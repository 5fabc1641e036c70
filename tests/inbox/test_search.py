"""Search finds what people mean, on both databases, and no query can break it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.orm import Session, sessionmaker

from inbox.db import reading, writing
from inbox.models import Message
from inbox.search import matching
from tests.inbox.rows import add_message

TEXTS = [
    "Mein Paket ist nicht angekommen",
    "Wo bleibt das Paket? Die Straße ist Größe 12",
    "The parcel was damaged, order A-1234",
    "Schöne Grüße aus Köln",
    "Mein Wasserkocher ist kaputt angekommen",
]


def found(sessions: sessionmaker[Session], query: str) -> list[str]:
    with reading(sessions) as session:
        ids = [match.message_id for match in matching(session, query, limit=50)]
        return [session.get_one(Message, message_id).text for message_id in ids]


@pytest.fixture
def stored(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    with writing(sessions) as session:
        for text in TEXTS:
            add_message(session, text)
    return sessions


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("paket", [1, 0]),
        ("PAKET angekommen", [0]),
        ("angekommen", [4, 0]),
        ('"ist nicht"', [0]),
        ('"nicht ist"', []),
        ("strasse", [1]),
        ("straße grosse", [1]),
        ("groesse", [1]),
        ("koeln", [3]),
        ("grusse", [3]),
        ("angekommen -kaputt", [0]),
        ("-paket", []),
        ("A-1234", [2]),
        ("1234", [2]),
        ("Wasserk*", [4]),
        ("wasserko", [4]),
        ("mein wasserko", [4]),
        ("paket wasserkocher", []),
        ("", []),
        ("  *  ", []),
    ],
)
def test_finds_the_newest_first(stored: sessionmaker[Session], query: str, expected: list[int]) -> None:
    assert found(stored, query) == [TEXTS[index] for index in expected]


def test_follows_edits_and_deletions(stored: sessionmaker[Session]) -> None:
    with writing(stored) as session:
        session.execute(update(Message).where(Message.text.contains("parcel")).values(text="The lamp is broken"))
        session.execute(delete(Message).where(Message.text.contains("kaputt")))
    assert found(stored, "parcel") == []
    assert found(stored, "lamp") == ["The lamp is broken"]
    assert found(stored, "wasserkocher") == []


def test_finds_authors_and_forgets_erased_ones(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        add_message(session, "Hallo", author_name="Jana Müller")
    assert found(sessions, "mueller jana") == ["Hallo"]
    with writing(sessions) as session:
        session.execute(update(Message).values(author_name=None))
    assert found(sessions, "jana") == []


def test_pages_without_gap_or_repetition(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        for number in range(25):
            add_message(session, f"Paket {number}")
    seen: list[int] = []
    with reading(sessions) as session:
        while page := matching(session, "pake", limit=10, before=seen[-1] if seen else None):
            seen += [match.message_id for match in page]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 25


def test_a_later_page_does_not_start_to_guess(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        add_message(session, "Paketdienst")
        only = add_message(session, "Paket").id
    with reading(sessions) as session:
        assert [match.message_id for match in matching(session, "paket", limit=1)] == [only]
        assert matching(session, "paket", limit=1, before=only) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(alphabet=st.sampled_from("abä ß\"'*-():^&|!<>\\%{}\x00\ud83d�AND OR NOT NEAR"), max_size=40))
def test_no_query_is_a_syntax_error(stored: sessionmaker[Session], query: str) -> None:
    with reading(stored) as session:
        assert isinstance(matching(session, query, limit=5), list)


@pytest.mark.parametrize(
    "query", ["NEAR(a b)", "text: paket", "a AND", "{x", '"', "'; DROP TABLE messages; --", "a" * 9000]
)
def test_words_of_the_query_language_are_words(stored: sessionmaker[Session], query: str) -> None:
    with reading(stored) as session:
        assert matching(session, query, limit=5) == []
