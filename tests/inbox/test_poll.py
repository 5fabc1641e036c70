"""Asking the platforms: every error has its health and its next attempt, and one account never slows another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from connectors.base import (
    Author,
    Change,
    ChangeKind,
    ConnectorError,
    Listing,
    LoginExpired,
    Misconfigured,
    NewLogin,
    Page,
    Quota,
    RateLimited,
    Unavailable,
    Usage,
)
from inbox import accounts, logins, poll, work
from inbox.db import writing
from inbox.models import Account, AccountUsage, Message, Pointer, Push, Stream, Unreadable
from tests.inbox.postbox import Office, Postbox
from tests.stepped_clock import SteppedClock


@pytest.mark.parametrize(
    ("error", "wait", "health", "again"),
    [
        (Unavailable("down"), 10, "ok", "failing"),
        (RateLimited("slow", until=None), 60, "limited", "limited"),
        (LoginExpired("190"), 10, "reconnect", "reconnect"),
        (Misconfigured("100"), 10, "reconnect", "reconnect"),
        (KeyError("a bug"), 10, "ok", "failing"),
    ],
)
def test_every_error_has_its_health_and_its_next_attempt(
    office: Office, error: ConnectorError, wait: float, health: str, again: str
) -> None:
    office.box.pages["messages"] += [error, error]
    office.clock.advance(seconds=11)
    office.work("poll")
    stream = office.stream()
    assert (office.account.health, stream.next_poll_at - office.clock()) == (health, timedelta(seconds=wait))
    assert stream.incomplete_since is not None
    assert office.stream("comments").failures == 0
    office.clock.set(stream.next_poll_at)
    office.work("poll")
    assert (office.account.health, office.stream().failures) == (again, 2)
    office.clock.set(office.stream().next_poll_at)
    office.work("poll")
    office.clock.advance(minutes=10)
    office.work("poll")
    assert (office.account.health, office.account.failing_since, office.account.limited_until) == ("ok", None, None)
    assert office.stream().incomplete_since is None


def test_a_stream_that_works_does_not_hide_one_that_fails(office: Office) -> None:
    office.box.pages["messages"] += [LoginExpired("no permission")] * 4
    office.live(120, step=10)
    changes = [data["health"] for data in office.told("account_health")]
    assert changes == ["reconnect"]
    office.live(60, step=10)
    assert office.account.health == "ok"


def test_a_login_refused_once_costs_one_poll_and_one_refused_for_good_is_asked_every_five_minutes(
    office: Office,
) -> None:
    office.box.pages["messages"] += [LoginExpired("190"), Page({"at": 1})]
    office.live(30)
    assert (office.account.health, office.stream().failures) == ("ok", 0)
    office.box.pages["messages"] += [LoginExpired("190")] * 20
    waits = []
    for _ in range(8):
        office.clock.set(office.stream().next_poll_at)
        office.work("poll")
        waits.append((office.stream().next_poll_at - office.clock()).total_seconds())
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300]


def test_polls_of_a_small_allowance_leave_some_for_the_last_look_before_a_machine_speaks(office: Office) -> None:
    began, waits = office.clock(), []
    resets = began + timedelta(minutes=15)
    for used in range(1, 13):
        told = Quota("messages", used / 15 * 100, resets, 15 - used)
        office.box.pages["messages"].append(Page({}, usage=Usage(quotas=(told,))))
        office.clock.set(max(office.stream().next_poll_at, office.clock()))
        office.work("poll")
        waits.append((office.stream().next_poll_at - office.clock()).total_seconds())
    assert waits[:11] == [10] * 11, "as often as asked for while three quarters are not used"
    assert office.stream().next_poll_at == resets, "three of fifteen are left"


def test_a_told_time_is_kept_by_every_stream_and_through_a_restart(
    office: Office, database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox
) -> None:
    until = clock() + timedelta(minutes=15)
    box.pages["messages"].append(RateLimited("wait", until=until, whole_account=True))
    clock.advance(seconds=11)
    office.work("poll")
    box.asked.clear()
    restarted = Office(database_url, tmp_path, clock, box)
    while clock() + timedelta(seconds=20) < until:
        clock.advance(seconds=20)
        restarted.work()
    assert box.asked == []
    clock.set(until)
    restarted.work()
    assert box.asked != []
    restarted.close()


def test_ever_longer_silence_where_no_time_is_told(office: Office) -> None:
    office.box.pages["messages"] += [RateLimited("slow", until=None)] * 4
    waits = []
    for _ in range(4):
        office.clock.set(max(office.stream().next_poll_at, office.clock()))
        office.work("poll")
        waits.append((office.stream().next_poll_at - office.clock()).total_seconds())
    assert waits == [60, 120, 240, 480]


@pytest.mark.parametrize(("used", "least", "most"), [(74, 10, 10), (76, 10.5, 60), (95, 600, 600), (100, 600, 600)])
def test_the_pace_follows_the_allowance(office: Office, used: float, least: float, most: float) -> None:
    office.clock.advance(seconds=11)
    resets = office.clock() + timedelta(minutes=10)
    office.box.pages["messages"].append(Page({}, usage=Usage(quotas=(Quota("calls", used, resets),))))
    office.work("poll")
    wait = (office.stream().next_poll_at - office.clock()).total_seconds()
    assert least <= wait <= most


def test_what_is_charged_once_a_day_is_counted_once_a_utc_day(office: Office) -> None:
    read = Usage(calls=1, resources={"letter": 2}, resource_ids={"letter": frozenset({"a", "b"})})
    for _ in range(2):
        office.box.pages["messages"].append(Page({}, usage=read))
        office.clock.advance(seconds=11)
        office.work("poll")
    assert [(row.count, row.cost) for row in office.rows(AccountUsage, resource="letter")] == [(2, 0.02)]
    office.clock.advance(days=1)
    office.box.pages["messages"].append(Page({}, usage=read))
    office.work("poll")
    assert [row.count for row in office.rows(AccountUsage, resource="letter")] == [2, 2]


def test_an_account_that_hangs_keeps_two_streams_at_most(
    database_url: str, tmp_path: Path, clock: SteppedClock
) -> None:
    box = Postbox()
    office = Office(database_url, tmp_path, clock, box, accounts=[f"box-{number}" for number in range(5)])
    clock.advance(seconds=1)
    with writing(office.runtime.sessions) as session:
        for row in session.query(Stream).filter(Stream.account_id == 1):
            row.claim, row.claimed_until = "hangs", clock() + timedelta(seconds=60)
        session.add(Stream(account_id=1, name="third", every_seconds=10, next_poll_at=clock() - timedelta(days=1)))
    office.work("poll")
    assert [row.last_success_at is None for row in office.rows(Stream, account_id=1)] == [True, True, True]
    assert all(row.last_success_at is not None for row in office.rows(Stream) if row.account_id != 1)
    office.close()


def test_after_a_clock_was_put_back_nobody_waits_for_the_old_time(office: Office) -> None:
    office.arrive(office.letter("vorher"))
    office.clock.advance(hours=-2)
    work.wake_and_breach(office.runtime)
    office.arrive(office.letter("nachher"))
    assert office.texts() == ["vorher", "nachher"]
    asked = len(office.box.asked)
    office.clock.advance(seconds=-5)
    work.wake_and_breach(office.runtime)
    office.work("poll")
    assert len(office.box.asked) == asked


def test_a_clock_put_back_ends_no_silence_a_platform_asked_for(office: Office) -> None:
    office.arrive(office.letter())
    office.box.pages["messages"].append(RateLimited("slow", until=office.clock() + timedelta(hours=3)))
    office.clock.advance(seconds=11)
    office.work("poll")
    office.clock.advance(hours=-2)
    asked = office.box.asked.count("fetch messages")
    work.wake_and_breach(office.runtime)
    office.work("poll")
    assert office.box.asked.count("fetch messages") == asked


def test_a_paused_account_is_left_alone_until_it_is_resumed(office: Office) -> None:
    with writing(office.runtime.sessions) as session:
        accounts.pause(session, office.account.id, "anna", office.clock())
        session.add(Pointer(account_id=office.account.id, external_id="m", due_at=office.clock()))
    office.box.asked.clear()
    office.live(60)
    assert (office.box.asked, office.account.health) == ([], "paused")
    with writing(office.runtime.sessions) as session:
        accounts.resume(session, office.account.id, "anna", office.clock())
    office.work("poll")
    assert "fetch messages" in office.box.asked


def test_a_lost_claim_stores_nothing(office: Office) -> None:
    office.clock.advance(seconds=11)
    page = Page({"at": 9}, messages=(office.letter(),))
    stream = office.stream()
    poll._store(office.runtime, stream.id, page, office.runtime.connectors["box"], office.clock())
    assert office.rows(Message) == []
    assert office.stream().cursor != {"at": 9}


def test_what_the_platform_points_at_but_never_shows_is_given_up_visibly(office: Office) -> None:
    office.box.pages["comments"].append(Page({}, look_at=("mention-1",)))
    office.box.again += [Unavailable("not found")] * 50
    office.clock.advance(seconds=11)
    office.live(13 * 3600, step=600)
    assert office.rows(Pointer) == []
    assert [row.external_id for row in office.rows(Unreadable)] == ["mention-1"]
    assert office.box.asked.count("look_again") == poll.POINTS_TRIED


@pytest.mark.parametrize("shown", [False, True])
def test_a_pushed_comment_deleted_before_any_list_held_it_is_noticed(office: Office, shown: bool) -> None:
    comment = office.comment("Wieder gelöscht")
    office.box.pages["push add"].append(Page({}, messages=(comment,)))
    office.push(b"add")
    office.work("push")
    if shown:
        office.arrive(comment, stream="comments")
    office.box.again.append(Page({}, changes=(Change(comment.external_id, ChangeKind.DELETED, office.clock()),)))
    office.live(40)
    assert "look_again" not in office.box.asked
    office.live(40)
    (row,) = office.rows(Message)
    assert (row.deleted_at is None, "look_again" in office.box.asked) == (shown, not shown)
    assert office.rows(Pointer) == []


def test_what_an_uncertain_list_lacks_is_asked_for_once_and_believed_only_then(office: Office) -> None:
    gone, filtered, listed = (office.comment(text, text) for text in ("weg", "gefiltert", "da"))
    office.arrive(gone, filtered, listed, stream="comments")
    now = office.clock()
    listing = Listing("post-1", True, now - timedelta(days=1), now, frozenset({listed.external_id}), certain=False)
    office.box.again.append(Page({}, changes=(Change(gone.external_id, ChangeKind.DELETED, now),)))
    office.box.again.append(Page({}, messages=(filtered,)))
    for _ in range(3):
        office.box.pages["comments"].append(Page({}, listings=(listing,)))
        office.clock.advance(seconds=11)
        office.work("poll", "look-at")
    assert [(row.text, row.deleted_at is None) for row in office.rows(Message)] == [
        ("", False), ("gefiltert", True), ("da", True)
    ]  # fmt: skip
    assert office.box.asked.count("look_again") == 2
    office.arrive(filtered, stream="comments")
    assert office.rows(Pointer) == []


def test_what_a_list_shows_while_it_is_asked_for_waits_no_more(office: Office) -> None:
    left_out = office.comment("da", "anna")
    office.arrive(left_out, stream="comments")
    now = office.clock()
    listing = Listing("post-1", True, now - timedelta(days=1), now, frozenset(), certain=False)
    office.box.pages["comments"].append(Page({}, listings=(listing,)))
    office.clock.advance(seconds=11)
    office.work("poll")

    def shown_meanwhile() -> None:
        with writing(office.runtime.sessions) as session:
            session.execute(delete(Pointer))

    office.box.during_look = shown_meanwhile
    office.work("look-at")
    assert office.box.asked.count("look_again") == 1
    assert office.rows(Pointer) == []


def test_a_refresh_token_is_spent_once_by_two_processes_and_both_use_the_new_login(
    office: Office, database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox
) -> None:
    other = Office(database_url, tmp_path, clock, box)
    box.new_logins.append(NewLogin({"access_token": "fake-token-1"}, expires_at=clock() + timedelta(hours=2)))
    for one in (office, other):
        logins.keep_fresh(one.runtime)
    assert [line for line in box.asked if line.startswith("refresh")] == ["refresh fake-token-0"]
    logins.keep_fresh(other.runtime)
    used = [one.runtime.connectors["box"].login.credentials["access_token"] for one in (office, other)]  # type: ignore[attr-defined]
    assert used == ["fake-token-1", "fake-token-1"]
    other.close()


def test_a_login_whose_inspection_breaks_leaves_the_others_fresh(
    database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox
) -> None:
    several = Office(database_url, tmp_path, clock, box, accounts=("one", "other"))
    box.new_logins.append(KeyError("a bug"))
    logins.keep_fresh(several.runtime)
    inspected = [account.login_checked_at for account in several.rows(Account)]
    assert sorted(inspected, key=str) == [clock(), None]
    logins.keep_fresh(several.runtime)
    assert [account.login_checked_at for account in several.rows(Account)] == [clock(), clock()]
    several.close()


def test_changed_credentials_clear_reconnect_and_keep_history(
    office: Office, database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox
) -> None:
    office.arrive(office.letter())
    box.pages["messages"].append(LoginExpired("190"))
    clock.advance(seconds=11)
    office.work("poll")
    assert office.account.health == "reconnect"
    mended = Office(database_url, tmp_path, clock, box, token="fake-token-2")
    assert mended.account.health == "ok"
    assert len(mended.rows(Message)) == 1
    assert len(mended.rows(Account)) == 1
    mended.close()


def test_a_push_with_a_wrong_signature_stores_nothing(office: Office) -> None:
    assert office.push(b"x", signature="wrong") == 401
    assert office.push(b"x", "else") == 404
    assert office.rows(Push) == []


def test_a_signed_but_odd_push_is_shown_and_holds_up_nothing(office: Office) -> None:
    office.box.pages["push good"].append(Page({}, messages=(office.letter(),)))
    for body in (b"odd", b"good"):
        assert office.push(body) == 200
    office.work("push")
    assert [row.raw for row in office.rows(Unreadable)] == ["odd"]
    assert len(office.rows(Message)) == 1
    assert [row.body for row in office.rows(Push)] == [b"", b""]


def test_an_item_the_database_refuses_is_shown_and_the_rest_of_the_page_arrives(office: Office) -> None:
    bad = office.letter("schlecht", "karl", sent_at=office.clock().replace(tzinfo=None))
    office.arrive(office.letter("gut"), bad)
    assert office.texts() == ["gut"]
    assert [row.external_id for row in office.rows(Unreadable)] == [bad.external_id]
    assert office.account.health == "ok"


@pytest.mark.parametrize("door", ["poll", "push"])
def test_a_number_no_column_holds_stops_neither_the_page_nor_the_pushes_behind_it(office: Office, door: str) -> None:
    bad = office.letter("viele", "karl", author=Author("karl", "Karl", "karl", followers=10**30))
    pages = office.box.pages
    if door == "poll":
        office.arrive(office.letter("gut"), bad)
    else:
        pages["push bad"].append(Page({}, messages=(bad,)))
        pages["push good"].append(Page({}, messages=(office.letter("gut"),)))
        assert [office.push(body) for body in (b"bad", b"good")] == [200, 200]
        office.work("push")
    assert office.texts() == ["gut"]
    assert [row.external_id for row in office.rows(Unreadable)] == [bad.external_id]


@pytest.mark.parametrize(("letters", "seconds"), [(74, 10), (75, 100), (99, 100), (100, 600)])
def test_the_pace_follows_the_months_budget(
    database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox, letters: int, seconds: int
) -> None:
    office = Office(database_url, tmp_path, clock, box, monthly_budget=1.0)
    office.work()
    office.box.pages["messages"].append(Page({"at": 1}, usage=Usage(calls=1, resources={"letter": letters})))
    clock.advance(seconds=11)
    office.work("poll")
    assert office.stream().next_poll_at - clock() == timedelta(seconds=seconds)
    clock.set(datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC))
    office.work("poll")
    assert office.stream().next_poll_at - clock() == timedelta(seconds=10)
    office.close()
