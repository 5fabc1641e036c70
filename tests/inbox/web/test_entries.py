"""One thread in the order it is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from inspect import signature
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from inbox.queries.reply_views import OutboxView, SuggestionView
from inbox.queries.views import ConversationDetail, GapView, MessageView, NoteView
from inbox.web.entries import deciding_words, entries

VIENNA = ZoneInfo("Europe/Vienna")
EVENING = datetime(2026, 11, 9, 22, 30, tzinfo=UTC)
View = TypeVar("View")


def filled(view: Callable[..., View], /, **known: Any) -> View:
    """A view whose other fields do not matter here."""
    return view(**{name: known.get(name) for name in signature(view).parameters})


def message(number: int, minutes: float) -> MessageView:
    at = EVENING + timedelta(minutes=minutes)
    return filled(MessageView, id=number, sent_at=at, text="Meine Hand ist verbrannt")


SUGGESTION = filled(
    SuggestionView, id=1, message_id=1, message_text="Meine Hand ist verbrannt", kind="move_to_private",
    spans=[[6, 24], [6, 24], [0, 5]], created_at=EVENING,
)  # fmt: skip


def detail(**parts: Any) -> ConversationDetail:
    lists: dict[str, Any] = {
        name: [] for name in ("messages", "notes", "suggestions", "outbox", "gaps", "events", "linked")
    }
    return filled(ConversationDetail, **(lists | parts))


def test_everything_stands_in_the_order_of_time() -> None:
    note = filled(NoteView, id=1, created_at=EVENING + timedelta(minutes=5))
    waiting = filled(OutboxView, id=1, created_at=EVENING + timedelta(minutes=7))
    gap = GapView(after=None, before=EVENING + timedelta(minutes=1), reason="")
    shown = entries(detail(messages=[message(1, 0), message(2, 6)], notes=[note], outbox=[waiting], gaps=[gap]), VIENNA)
    assert [entry.kind for entry in shown] == ["day", "message", "gap", "note", "message", "outbox"]


def test_days_change_at_the_shops_midnight() -> None:
    """23:30 and 00:30 in Vienna are two days, though one in UTC."""
    shown = entries(detail(messages=[message(1, 0), message(2, 60)]), VIENNA)
    assert [entry.kind for entry in shown] == ["day", "message", "day", "message"]


def test_suggestions_stand_last_and_mark_their_words() -> None:
    shown = entries(detail(messages=[message(1, 0), message(2, 9)], suggestions=[SUGGESTION]), VIENNA)
    assert [entry.kind for entry in shown] == ["day", "message", "message", "suggestion"]
    assert shown[1].spans
    assert not shown[2].spans


def test_deciding_words_are_named_once() -> None:
    assert deciding_words(SUGGESTION) == ["Meine", "Hand ist verbrannt"]
