"""From counts over time to crisis levels, and from a level to how the house behaves.

Pure: the caller counts, remembers when an alarm fired last, and says what time it is. Times are aware; hours of the
day are taken in the shop's own time zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from statistics import median

from crisis_playbook.model import SEVERITIES, Alarm, Decision, Facts, Level, Suggested
from crisis_playbook.playbook import Playbook

USUAL_OVER = timedelta(days=28)
FEWEST_HOURS = 5
"""With fewer hours of the same class the history is short and only `at_least` and `people` count."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What an alarm counted in the time it looks at."""

    messages: int
    people: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether an alarm fires, and why, in a sentence."""

    alarm: str
    fires: bool
    level: int
    why: str


def counts_for(alarm: Alarm, decision: Decision, facts: Facts) -> bool:
    """Whether one judged message counts for the alarm. Everything under `count:` must fit; lists mean any of."""
    return all(_fits(word, wanted, decision, facts) for word, wanted in alarm.count.items())


def _fits(word: str, wanted: tuple[str, ...], decision: Decision, facts: Facts) -> bool:
    if word == "label":
        return any(label in decision.labels or label in facts.labels for label in wanted)
    if word == "rule":
        return any(rule in decision.rules for rule in wanted)
    if word == "severity_at_least":
        return SEVERITIES.index(decision.severity) >= min(SEVERITIES.index(severity) for severity in wanted)
    if word == "complaint":
        return decision.complaint in wanted or (decision.complaint == "likely" and "possible" in wanted)
    if word == "language":
        return decision.language in wanted
    return getattr(facts, word) in wanted


def arrivals(counted: Iterable[tuple[datetime, str]], now: datetime, within: timedelta) -> Arrivals:
    """Messages and distinct authors among (time, author) pairs in the time (now - within, now]."""
    recent = [author for at, author in counted if now - within < at <= now]
    return Arrivals(len(recent), len(set(recent)))


def hour_class(at: datetime, zone: tzinfo) -> tuple[bool, int]:
    """Which hours are compared with each other: working days or weekend, and the hour of the local day."""
    local = at.astimezone(zone)
    return local.weekday() >= 5, local.hour


def usual(
    by_hour: Mapping[datetime, int], since: datetime, now: datetime, within: timedelta, zone: tzinfo
) -> float | None:
    """How many messages are usual in a time as long as `within` at this hour: the median over 28 days.

    `by_hour` holds messages by the start of each full hour; an hour that is missing had none. `since` is when
    counting began. None while the history is short.
    """
    wanted = hour_class(now, zone)
    first = max(since, now - USUAL_OVER)
    hour = now.replace(minute=0, second=0, microsecond=0) - HOUR
    seen: list[int] = []
    while hour >= first:
        if hour_class(hour, zone) == wanted:
            seen.append(by_hour.get(hour, 0))
        hour -= HOUR
    if len(seen) < FEWEST_HOURS:
        return None
    return median(seen) * (within / HOUR)


def judge(alarm: Alarm, now: datetime, counted: Arrivals, usually: float | None, last_fired: datetime | None) -> Judged:
    """Whether the alarm fires now. Within its cooldown it never fires again."""
    within = f"{counted.messages} within {_spoken(alarm.within)} from {counted.people} people"

    def says(fires: bool, why: str) -> Judged:
        return Judged(alarm.name, fires, alarm.level, f"alarm {alarm.name}: {why}")

    if counted.messages < alarm.at_least:
        return says(False, f"{within}, below {alarm.at_least}")
    if counted.people < alarm.people:
        return says(False, f"{within}, but at least {alarm.people} people are needed")
    if last_fired is not None and now - last_fired < alarm.cooldown:
        return says(False, f"{within}, but it fired less than {_spoken(alarm.cooldown)} ago")
    if alarm.times_usual is None or usually is None:
        short = "" if alarm.times_usual is None else ", and what is usual is not known yet"
        return says(True, f"{within}, at least {alarm.at_least}{short}")
    needed = alarm.times_usual * usually
    compared = f"{alarm.times_usual:g} times the usual {usually:g}"
    if counted.messages < needed:
        return says(False, f"{within}, less than {compared}")
    return says(True, f"{within}, at least {alarm.at_least} and {compared}")


def _spoken(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return f"{int(length.total_seconds())} s"
    return f"{minutes // 60} h" if minutes % 60 == 0 and minutes >= 120 else f"{minutes} min"


def behaviour(playbook: Playbook, number: int) -> Level | None:
    """How the house behaves at a level: as written for it, else for the nearest lower one; None where there is none."""
    written = [level for level in playbook.levels if level <= number]
    return playbook.levels[max(written)] if written else None


def under(level: Level | None, decision: Decision) -> Decision:
    """The decision as it holds while a level is in force: automatic replies frozen or replaced, replies held."""
    if level is None:
        return decision
    reply, rule = decision.automatic_reply, decision.automatic_reply_rule
    suggestions, why = decision.suggestions, decision.why
    hold = decision.hold_replies or level.hold_replies
    named = f"level {level.number} ({level.title})"
    if reply is not None and level.automatic_replies == "none":
        suggestions = (*suggestions, Suggested("reply", reply, rule or ""))
        why = (*why, f"the automatic reply {reply} is only proposed: {named} freezes automatic replies")
        reply, rule = None, None
    elif reply is not None and level.automatic_replies != "normal":
        why = (*why, f"{level.automatic_replies} is sent instead of {reply}: {named}")
        reply = level.automatic_replies
    return replace(
        decision,
        automatic_reply=reply,
        automatic_reply_rule=rule,
        suggestions=suggestions,
        hold_replies=hold,
        why=why,
    )
