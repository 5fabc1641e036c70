"""What an automatic reply may promise: the time people really took lately, and when the shop opens next.

Measured, never wished: the 80th percentile of human first replies of this account in this hour class (open or closed)
over 28 days, rounded up to a friendly duration. Too few samples, or a promise worse than the target: no promise.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from babel.dates import format_time, get_day_names, get_month_names
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crisis_playbook import Playbook
from inbox.business_hours import BusinessHours
from inbox.models import Conversation, Message
from inbox.settings import InboxSettings

WINDOW = timedelta(days=28)
FEWEST = 20
SHARE = 0.8
FRIENDLY = [timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 180, 240, 360, 480, 1440, 2880)]
MOST_SAMPLES = 2000


def usual_reply_time(
    session: Session, account_id: int, hours: BusinessHours | None, open_now: bool, now: datetime
) -> timedelta | None:
    """How long the first human reply usually takes, rounded up; None with fewer than FEWEST samples."""
    samples = sorted(
        answered - asked
        for asked, answered in _first_replies(session, account_id, now)
        if hours is None or hours.is_open(asked) == open_now
    )
    if len(samples) < FEWEST:
        return None
    usual = samples[ceil(len(samples) * SHARE) - 1]
    return next((friendly for friendly in FRIENDLY if usual <= friendly), None)


def _first_replies(session: Session, account_id: int, now: datetime) -> list[tuple[datetime, datetime]]:
    asked = (
        select(func.min(Message.sent_at))
        .where(Message.conversation_id == Conversation.id, Message.direction == "inbound")
        .correlate(Conversation)
        .scalar_subquery()
    )
    rows = session.execute(
        select(asked, Conversation.first_replied_at)
        .where(
            Conversation.account_id == account_id,
            Conversation.last_message_at >= now - WINDOW,
            Conversation.first_replied_at >= now - WINDOW,
        )
        .order_by(Conversation.last_message_at.desc())
        .limit(MOST_SAMPLES)
    )
    return [(first, answered) for first, answered in rows if first is not None and answered is not None]


def promise(usual: timedelta | None, target: timedelta | None, language: str) -> str | None:
    """The duration in words, or None where the static wording is more honest."""
    if usual is None or (target is not None and usual > target):
        return None
    minutes = int(usual.total_seconds() // 60)
    if language == "de":
        if minutes < 60:
            return f"innerhalb von {minutes} Minuten"
        if minutes < 1440:
            return "innerhalb einer Stunde" if minutes == 60 else f"innerhalb von {minutes // 60} Stunden"
        return "innerhalb eines Tages" if minutes == 1440 else f"innerhalb von {minutes // 1440} Tagen"
    if minutes < 60:
        return f"within {minutes} minutes"
    if minutes < 1440:
        return "within an hour" if minutes == 60 else f"within {minutes // 60} hours"
    return "within a day" if minutes == 1440 else f"within {minutes // 1440} days"


def opening_in_words(opening: datetime | None, now: datetime, inbox: InboxSettings, language: str) -> str | None:
    """When the shop opens next, as people say it: "Montag ab 8:30 Uhr", "Today from 1:00 pm"."""
    if opening is None:
        return None
    local, today = opening.astimezone(inbox.zone), now.astimezone(inbox.zone).date()
    locale = _locale(inbox, language)
    days = (local.date() - today).days
    if language == "de":
        clock = f"ab {local.hour}:{local.minute:02d} Uhr"
        named = {0: "Heute", 1: "Morgen"}.get(days) or get_day_names("wide", locale=locale)[local.weekday()]
        date = f", {local.day}. {get_month_names('wide', locale=locale)[local.month]}," if days > 6 else ""
        return f"{named}{date} {clock}"
    clock = f"from {format_time(local, 'h:mm a', locale=locale)}"
    named = {0: "Today", 1: "Tomorrow"}.get(days) or get_day_names("wide", locale=locale)[local.weekday()]
    date = f" {local.day} {get_month_names('wide', locale=locale)[local.month]}," if days > 6 else ""
    return f"{named}{date} {clock}"


def _locale(inbox: InboxSettings, language: str) -> str:
    """Austrian month names (Jänner) where the shop is in Austria."""
    if language == "de":
        return "de_AT" if inbox.timezone == "Europe/Vienna" else "de"
    return "en_GB"


def shop_target(playbook: Playbook) -> timedelta | None:
    """The most generous first-response target: what we hold ourselves to for an everyday message."""
    given = [target.first_response for _, target in playbook.targets if target.first_response is not None]
    return max(given, default=None)


def week_in_words(playbook: Playbook, inbox: InboxSettings, language: str) -> str | None:
    """The weekly opening hours on one line: "Mo-Do 8:30-12:00 und 13:00-17:30, Fr 8:30-14:00"."""
    hours = next(iter(playbook.hours.values()), None)
    if hours is None:
        return None
    names = get_day_names("abbreviated", locale=_locale(inbox, language))
    join = " und " if language == "de" else " and "
    parts, day = [], 0
    while day < 7:
        last = day
        while last < 6 and hours.week[last + 1] == hours.week[day]:
            last += 1
        if hours.week[day]:
            first_name, last_name = names[day].rstrip("."), names[last].rstrip(".")
            days = first_name if day == last else f"{first_name}–{last_name}"
            parts.append(f"{days} {join.join(f'{_clock(start)}–{_clock(end)}' for start, end in hours.week[day])}")
        day = last + 1
    return ", ".join(parts) or None


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"
