"""Times, durations and numbers as people write them."""

from __future__ import annotations

import datetime as calendar
from datetime import datetime, timedelta, tzinfo
from gettext import NullTranslations

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Format:
    """Writes for one reader at one moment: their language, the shop's zone, and now (aware UTC)."""

    def __init__(self, texts: NullTranslations, locale: Locale, zone: tzinfo, now: datetime) -> None:
        self.texts = texts
        self.locale = locale
        self.zone = zone
        self.now = now
        self.today = now.astimezone(zone).date()

    def duration(self, length: timedelta, *, dative: bool = False) -> str:
        """`3 min`, `1 h 20 min`, `5 h`, `2 days`: coarser the longer it is. `dative` after in, since and ago, where
        German says `2 Tagen`."""
        length = max(length, timedelta())
        if length < MINUTE:
            return self.texts.gettext("under 1 min")
        if length < HOUR:
            return self.texts.gettext("%(minutes)d min") % {"minutes": length // MINUTE}
        if length < DAY:
            hours, minutes = length // HOUR, length % HOUR // MINUTE
            if minutes and hours < 4:
                return self.texts.gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
            return self.texts.gettext("%(hours)d h") % {"hours": hours}
        days = length // DAY
        if dative:
            return self.texts.npgettext("in, since, ago", "%(days)d day", "%(days)d days", days) % {"days": days}
        return self.texts.ngettext("%(days)d day", "%(days)d days", days) % {"days": days}

    def seconds(self, length: float) -> str:
        """A duration given in seconds."""
        return self.duration(timedelta(seconds=length))

    def left(self, due: datetime) -> str:
        """`12 min left`, or `overdue for 40 min`."""
        if due >= self.now:
            return self.texts.gettext("%(time)s left") % {"time": self.duration(due - self.now)}
        return self.texts.gettext("overdue for %(time)s") % {"time": self.duration(self.now - due, dative=True)}

    def ago(self, moment: datetime) -> str:
        """`just now`, `12 min ago`; after a day, the date."""
        passed = self.now - moment
        if passed < MINUTE:
            return self.texts.gettext("just now")
        if passed < DAY:
            return self.texts.gettext("%(time)s ago") % {"time": self.duration(passed, dative=True)}
        return self.moment(moment)

    def short(self, moment: datetime) -> str:
        """As small as it can be said in a list: the time today, else the weekday, else the date."""
        there = moment.astimezone(self.zone)
        age = (self.today - there.date()).days
        if age == 0:
            return self.time(moment)
        if age == 1:
            return self.texts.gettext("yesterday")
        if 1 < age < 7:
            return format_date(there, "EEE", locale=self.locale)
        return format_date(there, "d. MMM" if self.locale.language == "de" else "d MMM", locale=self.locale)

    def lately(self, moment: datetime) -> str:
        """The time today; before and after that with the day: `yesterday 15:50`, `12. Nov. 15:50`."""
        there = moment.astimezone(self.zone)
        if there.date() == self.today:
            return self.time(moment)
        if there.year != self.today.year:
            return self.moment(moment)
        yesterday = (self.today - there.date()).days == 1
        day = self.texts.gettext("yesterday") if yesterday else self.day_and_month(there.date())
        return f"{day} {self.time(moment)}"

    def time(self, moment: datetime) -> str:
        """The time of day in the shop's zone."""
        return format_time(moment.astimezone(self.zone), "short", locale=self.locale)

    def day(self, moment: datetime) -> str:
        """Today, yesterday, or the day written out."""
        there = moment.astimezone(self.zone)
        age = (self.today - there.date()).days
        if age == 0:
            return self.texts.gettext("Today")
        if age == 1:
            return self.texts.gettext("Yesterday")
        if there.year == self.today.year:
            return format_date(there, "EEEE, d. MMMM" if self.locale.language == "de" else "EEEE d MMMM", self.locale)
        return format_date(there, "full", locale=self.locale)

    def date(self, moment: datetime) -> str:
        """The date in the shop's zone, such as `5. Jänner 2027`."""
        return format_date(moment.astimezone(self.zone), "long", locale=self.locale)

    def weekday(self, day: calendar.date) -> str:
        """`Mo`, `Mon`."""
        return format_date(day, "EEE", locale=self.locale)

    def day_and_month(self, day: calendar.date) -> str:
        """`5. Jän.`, `5 Jan`."""
        return format_date(day, "d. MMM" if self.locale.language == "de" else "d MMM", locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """Date and time in the shop's zone."""
        return format_datetime(moment.astimezone(self.zone), "medium", locale=self.locale).rsplit(":", 1)[0]

    def number(self, value: float) -> str:
        """With the separators of the region."""
        return format_decimal(value, locale=self.locale)

    def percent(self, share: float) -> str:
        """A share between 0 and 1."""
        return format_percent(share, "#,##0 %" if self.locale.language == "de" else "#,##0%", locale=self.locale)

    def dollars(self, amount: float) -> str:
        """US dollars, the currency the platforms charge in."""
        return f"{format_decimal(amount, '#,##0.00', locale=self.locale)} $"

    def iso(self, moment: datetime) -> str:
        """For machines, in the `datetime` attribute of `<time>`."""
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def share_gone(since: datetime | None, due: datetime | None, now: datetime) -> int:
    """How much of the time for an answer is gone, in percent between 0 and 100."""
    if since is None or due is None or due <= since:
        return 100 if due is not None and now >= due else 0
    return max(0, min(100, round(100 * ((now - since) / (due - since)))))


def initials(name: str | None) -> str:
    """One or two letters for a person whose picture may not be stored."""
    cleaned = (name or "").translate({ord(sign): " " for sign in "@_.-"})
    words = [word for word in cleaned.split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
