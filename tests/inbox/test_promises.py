"""What an automatic reply promises is what people really did, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session, sessionmaker

from crisis_playbook import load_files
from inbox import promises, sla
from inbox.db import writing
from inbox.models import Conversation
from inbox.settings import InboxSettings
from inbox.variables import MEASURE_EVERY, reply_variables
from tests.inbox.postbox import PLAYBOOK, Office
from tests.inbox.rows import MOMENT, add_account, add_conversation, add_message

INBOX = InboxSettings()
BOOK = load_files({"00.yml": PLAYBOOK.encode()}, None)
HOURS = sla.shop_hours(BOOK, INBOX)
TUESDAY = datetime(2026, 11, 10, 10, 0, tzinfo=UTC)
VIENNA = ZoneInfo("Europe/Vienna")


def answered(session: Session, minutes: Sequence[float], asked: datetime = MOMENT, account: str = "shop") -> int:
    """Conversations whose first human reply took so long; returns the account's id."""
    owner = add_account(session, name=account)
    for number, taken in enumerate(minutes):
        at = asked - timedelta(days=number % 4 and 1)
        row = add_conversation(
            session, f"{account}-{asked:%d%H}-{number}", account_id=owner.id, last_message_at=at,
            first_replied_at=at + timedelta(minutes=taken),
        )  # fmt: skip
        add_message(session, f"Frage {account}{number}{asked}", account_id=owner.id, conversation_id=row.id, sent_at=at)
    return owner.id


def usual(sessions: sessionmaker[Session], minutes: Sequence[float], now: datetime = TUESDAY) -> timedelta | None:
    with writing(sessions) as session:
        account = answered(session, minutes)
        return promises.usual_reply_time(session, account, HOURS, True, now)


def test_it_is_the_time_within_which_eight_of_ten_were_answered(sessions: sessionmaker[Session]) -> None:
    assert usual(sessions, [14] * 16 + [600] * 4) == timedelta(minutes=15)


def test_one_more_slow_answer_and_it_is_no_longer_true(sessions: sessionmaker[Session]) -> None:
    assert usual(sessions, [14] * 15 + [100] + [600] * 4) == timedelta(minutes=120)


def test_nineteen_answers_are_too_few_to_promise_anything(sessions: sessionmaker[Session]) -> None:
    assert usual(sessions, [14] * 19) is None


def test_more_than_two_days_is_no_promise(sessions: sessionmaker[Session]) -> None:
    assert usual(sessions, [2881] * 20, TUESDAY + timedelta(days=3)) is None


def test_answers_older_than_four_weeks_do_not_count(sessions: sessionmaker[Session]) -> None:
    assert usual(sessions, [14] * 25, TUESDAY + timedelta(days=30)) is None


def test_nights_and_other_accounts_are_counted_apart(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        day = answered(session, [10] * 20)
        night = answered(session, [500] * 20, MOMENT.replace(hour=2), "other")
        assert promises.usual_reply_time(session, day, HOURS, True, TUESDAY) == timedelta(minutes=15)
        assert promises.usual_reply_time(session, day, HOURS, False, TUESDAY) is None
        assert promises.usual_reply_time(session, night, HOURS, False, TUESDAY) == timedelta(minutes=1440)


@pytest.mark.parametrize(
    ("minutes", "german", "english"),
    [
        (15, "innerhalb von 15 Minuten", "within 15 minutes"),
        (60, "innerhalb einer Stunde", "within an hour"),
        (180, "innerhalb von 3 Stunden", "within 3 hours"),
        (1440, "innerhalb eines Tages", "within a day"),
        (2880, "innerhalb von 2 Tagen", "within 2 days"),
    ],
)
def test_a_promise_in_words(minutes: int, german: str, english: str) -> None:
    length = timedelta(minutes=minutes)
    assert promises.promise(length, None, "de") == german
    assert promises.promise(length, length, "en") == english


def test_worse_than_the_target_is_not_promised() -> None:
    assert promises.promise(timedelta(hours=2), timedelta(minutes=119), "de") is None
    assert promises.promise(None, None, "de") is None


def vienna(day: int, hour: int, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=VIENNA).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "german", "english"),
    [
        (vienna(10, 6), "Heute ab 8:00 Uhr", "Today from 8:00 am"),
        (vienna(10, 20), "Morgen ab 8:00 Uhr", "Tomorrow from 8:00 am"),
        (vienna(13, 20), "Montag ab 8:00 Uhr", "Monday from 8:00 am"),
        (vienna(28, 20, 3), "Montag ab 8:00 Uhr", "Monday from 8:00 am"),
        # The 26th of October is a holiday, and the clocks go back the day before.
        (vienna(24, 20, 10), "Dienstag ab 8:00 Uhr", "Tuesday from 8:00 am"),
        (vienna(24, 20, 12), "Montag ab 8:00 Uhr", "Monday from 8:00 am"),
        (vienna(31, 20, 12), "Montag ab 8:00 Uhr", "Monday from 8:00 am"),
    ],
    ids=str,
)
def test_the_next_opening_as_people_say_it(now: datetime, german: str, english: str) -> None:
    assert HOURS is not None
    opening = HOURS.next_opening(now)
    assert promises.opening_in_words(opening, now, INBOX, "de") == german
    assert promises.opening_in_words(opening, now, INBOX, "en") == english


def test_an_opening_more_than_a_week_off_has_a_date() -> None:
    now, opening = vienna(30, 12, 12), vienna(11, 13, 1, 2027)
    assert promises.opening_in_words(opening, now, INBOX, "de") == "Montag, 11. Jänner, ab 13:00 Uhr"
    assert promises.opening_in_words(opening, now, INBOX, "en") == "Monday 11 January, from 1:00 pm"
    assert promises.opening_in_words(None, now, INBOX, "de") is None


def test_the_week_on_one_line() -> None:
    assert promises.week_in_words(BOOK, INBOX, "de") == "Mo–Fr 8:00–18:00"
    assert promises.week_in_words(BOOK, INBOX, "en") == "Mon–Fri 8:00–18:00"


def test_a_reply_names_the_promise_while_open_and_the_opening_while_closed(office: Office) -> None:
    office.arrive(office.letter())
    with writing(office.runtime.sessions) as session:
        conversation = session.get_one(Conversation, office.conversation.id)
        for number in range(20):
            at = office.clock() - timedelta(hours=1)
            row = add_conversation(
                session, f"old-{number}", account_id=conversation.account_id, channel="postbox", last_message_at=at,
                first_replied_at=at + timedelta(minutes=20),
            )  # fmt: skip
            add_message(session, f"{number}", conversation_id=row.id, sent_at=at)
        office.clock.advance(seconds=MEASURE_EVERY.total_seconds())

        def said(now: datetime) -> tuple[object, object, object]:
            found = reply_variables(session, office.runtime, conversation, None, "de", now)
            return found["open"], found["usual_reply_time"], found["next_opening"]

        assert said(office.clock()) == (True, "innerhalb von 30 Minuten", None)
        assert said(vienna(10, 20)) == (False, None, "Morgen ab 8:00 Uhr")
