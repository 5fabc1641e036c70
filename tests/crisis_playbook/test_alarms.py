"""From counts to levels, and from levels to behaviour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crisis_playbook import Arrivals, Facts, arrivals, behaviour, counts_for, evaluate, judge, under, usual
from tests.crisis_playbook.playbooks import loaded

PLAYBOOK = loaded()
WAVE = PLAYBOOK.alarms["complaint-wave"]
NOW = datetime(2026, 3, 3, 10, 30, tzinfo=UTC)
VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("messages", "people", "usually", "minutes_ago", "fires"),
    [
        (10, 5, None, None, True),
        (9, 5, None, None, False),
        (10, 4, None, None, False),
        (10, 5, 3.0, None, True),
        (10, 5, 4.0, None, False),
        (12, 5, 4.0, None, True),
        (50, 50, None, 59, False),
        (50, 50, None, 60, True),
    ],
)
def test_an_alarm_fires_when_everything_it_asks_for_is_there(
    messages: int, people: int, usually: float | None, minutes_ago: int | None, fires: bool
) -> None:
    last = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    judged = judge(WAVE, NOW, Arrivals(messages, people), usually, last)
    assert judged.fires is fires
    assert judged.level == 2
    assert judged.why.startswith(f"alarm complaint-wave: {messages} within 60 min from {people} people")


def test_arrivals_count_messages_and_people_within_the_time_and_not_before() -> None:
    hour = timedelta(hours=1)
    counted = [(NOW - hour, "early"), (NOW - hour / 2, "a"), (NOW - hour / 3, "a"), (NOW, "b"), (NOW + hour, "late")]
    assert arrivals(counted, NOW, hour) == Arrivals(3, 2)


def test_usual_is_the_median_of_the_same_hour_on_the_same_kind_of_day() -> None:
    by_hour = {}
    for day in range(1, 29):
        ten = NOW.replace(minute=0) - timedelta(days=day)
        by_hour[ten] = 100 if ten.weekday() >= 5 else day % 3
        by_hour[ten - timedelta(hours=1)] = 1000
    since = NOW - timedelta(days=60)
    assert usual(by_hour, since, NOW, timedelta(hours=1), VIENNA) == 1
    assert usual(by_hour, since, NOW, timedelta(minutes=30), VIENNA) == 0.5


def test_usual_is_not_known_while_the_history_is_short_and_follows_local_time() -> None:
    assert usual({}, NOW - timedelta(days=4), NOW, timedelta(hours=1), VIENNA) is None
    summer = datetime(2026, 4, 1, 8, 30, tzinfo=UTC)
    same_local_hour = {datetime(2026, 3, day, 9, tzinfo=UTC): 7 for day in range(4, 29)}
    same_local_hour |= {datetime(2026, 3, day, 8, tzinfo=UTC): 7 for day in range(29, 32)}
    assert usual(same_local_hour, NOW - timedelta(days=60), summer, timedelta(hours=1), VIENNA) == 7


def test_a_message_counts_when_all_of_count_fits() -> None:
    facts = Facts("Paket nicht angekommen", visibility="public")
    assert counts_for(WAVE, evaluate(PLAYBOOK, facts), facts)
    other = Facts("Paket da", visibility="public")
    assert not counts_for(WAVE, evaluate(PLAYBOOK, other), other)


def test_a_level_that_is_not_written_behaves_like_the_nearest_lower_one() -> None:
    assert [getattr(behaviour(PLAYBOOK, number), "number", None) for number in range(7)] == [None, None, 2, 2, 4, 4, 4]


def test_a_level_freezes_automatic_replies_and_holds_the_others() -> None:
    decision = evaluate(PLAYBOOK, Facts("Hallo", visibility="private", first_of_conversation=True))
    assert decision.automatic_reply == "first-reply"
    calm = under(behaviour(PLAYBOOK, 2), decision)
    frozen = under(behaviour(PLAYBOOK, 4), decision)
    assert calm.automatic_reply == "first-reply"
    assert calm.hold_replies is None
    assert frozen.automatic_reply is None
    assert frozen.hold_replies == "for_approval"
    assert [(s.kind, s.template) for s in frozen.suggestions] == [("reply", "first-reply")]


def test_a_level_may_replace_automatic_replies() -> None:
    level = loaded({"00.yml": "levels: {3: {title: Holding, automatic_replies: holding}}\n"}).levels[3]
    decision = evaluate(PLAYBOOK, Facts("Hallo", visibility="private", first_of_conversation=True))
    assert under(level, decision).automatic_reply == "holding"
    assert under(level, evaluate(PLAYBOOK, Facts("Hallo", visibility="public"))).automatic_reply is None
