"""The same events in any order, any pieces, any number of times, pushed or polled, give the same inbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import Author, Change, ChangeKind, Gap, InboundMessage, Listing, Page, Subject, Unreadable
from inbox import accounts, contacts, conversations
from inbox.db import writing
from inbox.ingest import ingest
from inbox.models import (
    Account,
    Base,
    Contact,
    Conversation,
    EarlyChange,
    Event,
    Message,
    Notice,
    OutboxItem,
    Pointer,
)
from inbox.models import Unreadable as UnreadableRow
from tests.inbox.postbox import Office, comment, letter

START = datetime.fromisoformat("2026-11-10T09:00:00+00:00")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


ROOT = comment("Wo bleibt mein Paket?", "jana", at(10), external_id="c1", conversation_id="c1")
STORY: tuple[InboundMessage, ...] = (
    ROOT,
    comment("Bei mir auch!", "karl", at(20), external_id="c2", conversation_id="c1", parent_id="c1"),
    comment("Wir sehen nach.", "shop", at(30), external_id="c3", conversation_id="c1", parent_id="c2", own=True),
    comment("Danke", "jana", at(30), external_id="c4", conversation_id="c1", parent_id="c3"),
    comment("Schön", "lena", at(5), external_id="c5", conversation_id="c5"),
    letter("Hallo?", "jana", at(40), external_id="l1"),
    letter("Ja?", "jana", at(50), external_id="l2", own=True, author=Author("shop")),
    letter("noch da", "jana", at(60), external_id="l3"),
)
CHANGES: tuple[Change, ...] = (
    Change("c2", ChangeKind.HIDDEN, at(70)),
    Change("c2", ChangeKind.SHOWN, at(75)),
    Change("c4", ChangeKind.EDITED, at(70), "Danke!"),
    Change("c4", ChangeKind.EDITED, at(80), "Danke sehr!"),
    Change("c5", ChangeKind.DELETED, at(70)),
    Change("l3", ChangeKind.DELETED, at(90)),
    Change("l3", ChangeKind.EDITED, at(85), "noch da?"),
)
SHOWN_LAST: tuple[InboundMessage, ...] = tuple(
    replace(one, text="Danke sehr!") if one.external_id == "c4" else one
    for one in STORY
    if one.external_id not in ("c5", "l3")
)
"""What the platform shows in the end."""


@dataclass(frozen=True)
class Delivery:
    """One event as it comes through one door."""

    event: InboundMessage | Change
    pushed: bool


DELIVERIES = st.lists(
    st.one_of(
        st.builds(Delivery, st.sampled_from(STORY), st.booleans()),
        st.builds(Delivery, st.sampled_from(CHANGES), st.just(True)),
    ),
    max_size=25,
)
"""Some events early, repeated, in any order; the rest follows."""


def page_of(deliveries: Sequence[Delivery]) -> Page:
    events = [delivery.event for delivery in deliveries]
    return Page(
        {},
        messages=tuple(one for one in events if isinstance(one, InboundMessage)),
        changes=tuple(one for one in events if isinstance(one, Change)),
    )


def fresh_account(session: Session) -> Account:
    return accounts.bring_in(session, "box", "postbox", "1", {}, (), timedelta(seconds=10), START - timedelta(days=1))


def photograph(session: Session) -> dict[str, object]:
    """The inbox as people see it, without row numbers and times of arrival."""
    names = {row.id: row.external_id for row in session.scalars(select(Contact))}
    threads = {row.id: row for row in session.scalars(select(Conversation))}
    return {
        "messages": sorted(
            (
                row.external_id, threads[row.conversation_id].external_id, row.direction, row.origin, row.text,
                row.deleted_at is not None, row.hidden, names.get(row.contact_id or 0),
            )
            for row in session.scalars(select(Message))
        ),
        "threads": sorted(
            (
                row.external_id, row.status, row.preview, names.get(row.contact_id or 0), str(row.waiting_since),
                str(row.last_message_at), str(row.first_replied_at), str(row.last_inbound_at), row.clock_kind,
            )
            for row in threads.values()
        ),
        "people": sorted((row.external_id, row.name) for row in session.scalars(select(Contact))),
        "waiting changes": session.scalars(select(EarlyChange.external_id)).all(),
    }  # fmt: skip


def tell(session: Session, early: Sequence[Delivery], cuts: Sequence[int]) -> dict[str, object]:
    """The early deliveries in pieces, then everything that had not come, then what the platform shows in the end."""
    account = fresh_account(session)
    edges = sorted({0, len(early), *(cut % (len(early) + 1) for cut in cuts)})
    now = at(100)
    for start, end in pairwise(edges):
        for pushed in (True, False):
            piece = [delivery for delivery in early[start:end] if delivery.pushed is pushed]
            ingest(session, account, page_of(piece), now, pushed=pushed)
        now += timedelta(seconds=1)
    for change in CHANGES:
        ingest(session, account, Page({}, changes=(change,)), now, pushed=True)
    ingest(session, account, Page({}, messages=STORY), now, pushed=True)
    shown = frozenset(one.external_id for one in SHOWN_LAST)
    listings = tuple(Listing(scope, False, at(0), at(100), shown) for scope in ("c1", "c5", "t-jana"))
    ingest(session, account, Page({}, messages=SHOWN_LAST, listings=listings), now)
    return photograph(session)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(early=DELIVERIES, cuts=st.lists(st.integers(0, 25), max_size=4))
def test_any_order_pieces_and_repetition_give_the_same_inbox(
    sessions: sessionmaker[Session], early: list[Delivery], cuts: list[int]
) -> None:
    with sessions() as session:
        expected = tell(session, [], [])
    with sessions() as session:
        assert tell(session, early, cuts) == expected


@pytest.fixture
def account(sessions: sessionmaker[Session]) -> Iterator[tuple[Session, Account]]:
    """An open transaction and an account that was connected long ago."""
    with writing(sessions) as session:
        account = accounts.bring_in(session, "box", "postbox", "1", {}, (), timedelta(seconds=10), at(-86400))
        yield session, account


ODD = "Jana\x00 \ud800 Ä" + "x" * 10_000


def test_no_name_word_or_address_of_a_stranger_stops_a_page(account: tuple[Session, Account]) -> None:
    session, box = account
    odd = comment(
        ODD,
        "jana",
        at(1),
        author=Author("jana", ODD, ODD),
        permalink=ODD,
        subject=Subject("p", ODD, ODD),
        language="de",
    )
    page = Page(
        {}, messages=(odd, letter("gut", "karl", at(2))),
        changes=(Change("later", ChangeKind.EDITED, at(3), ODD), Change("x" * 400, ChangeKind.DELETED, at(3))),
        unreadable=(Unreadable("messages", ODD, ODD, ODD),), gaps=(Gap("t-karl", at(0), at(1), "20 newest"),),
        look_at=("y" * 400, "z"),
    )  # fmt: skip
    assert ingest(session, box, page, at(10)).new == 2
    session.flush()
    stored = session.scalars(select(Message).order_by(Message.sent_at)).all()
    assert [len(row.text) for row in stored] == [len(ODD) - 1, 3]
    assert "\x00" not in (stored[0].author_name or "")
    assert [row.external_id for row in session.scalars(select(Pointer))] == ["z"]


@pytest.mark.parametrize("bad", ["", "x" * 301, "a\x00b", "a\ud800"])
def test_a_message_without_a_usable_id_is_shown_and_the_rest_arrives(
    account: tuple[Session, Account], bad: str
) -> None:
    session, box = account
    page = Page({}, messages=(comment("schlecht", "jana", at(1), external_id=bad), letter("gut", "karl", at(2))))
    ingest(session, box, page, at(10))
    ingest(session, box, page, at(20))
    assert session.scalars(select(Message.text)).all() == ["gut"]
    assert [(row.times, row.stream) for row in session.scalars(select(UnreadableRow))] == [(2, "messages")]


def test_a_message_that_arrives_late_wakes_what_was_resolved(account: tuple[Session, Account]) -> None:
    session, box = account
    ingest(session, box, Page({}, messages=(letter("eins", "jana", at(10)),)), at(11))
    thread = session.scalars(select(Conversation)).one()
    conversations.resolve(session, thread.id, "anna", at(12))
    ingest(session, box, Page({}, messages=(letter("eins", "jana", at(10)),)), at(13))
    session.refresh(thread)
    assert thread.status == "resolved"
    ingest(session, box, Page({}, messages=(letter("war früher", "jana", at(5)),)), at(14))
    session.refresh(thread)
    assert thread.status == "open"


def test_a_deleted_first_question_leaves_the_second_its_clock(office: Office) -> None:
    first = office.letter("Hallo")
    office.arrive(first)
    office.arrive(office.letter("Wo ist mein Paket?"))
    before = office.conversation.due_at
    office.box.pages["messages"].append(
        Page({}, changes=(Change(first.external_id, ChangeKind.DELETED, office.clock()),))
    )
    office.clock.advance(seconds=11)
    office.work("poll", "triage")
    after = office.conversation.due_at
    assert before is not None
    assert after is not None
    assert after > before


def test_erasing_removes_the_words_everywhere_and_a_later_poll_brings_nothing_back(office: Office) -> None:
    secret = office.letter("Meine Nummer ist 0664 1234567. Kaputt!", "jana")
    public = office.comment("0664 1234567 kaputt", "jana")
    other = office.comment("Bei mir auch", "karl", conversation_id=public.external_id)
    office.arrive(secret)
    office.arrive(public, other, stream="comments")
    jana = office.rows(Contact, external_id="jana")[0]
    with writing(office.runtime.sessions) as session:
        session.add(
            Notice(
                team="social", title="t", body="0664 1234567", digest="d", created_at=office.clock(),
                not_before=office.clock(), conversation_id=office.rows(Conversation)[0].id,
            )
        )  # fmt: skip
    with writing(office.runtime.sessions) as session:
        contacts.erase(session, jana.id, "anna", office.clock())
    office.arrive(secret)
    office.arrive(public, other, stream="comments")
    office.live(30)
    dump = []
    with writing(office.runtime.sessions) as session:
        for table in Base.metadata.sorted_tables:
            dump += [str(row) for row in session.execute(select(table))]
    assert [line for line in dump if "0664" in line or "Jana" in line] == []
    assert [row.text for row in office.rows(Message) if row.text] == ["Bei mir auch"]
    assert office.box.sent == []
    assert {item.state for item in office.rows(OutboxItem)} == {"cancelled"}


def deleted_after(session: Session, account: Account, *listings: Listing) -> set[str]:
    """Which of the story's messages count as deleted once the platform has shown these lists."""
    ingest(session, account, Page({}, messages=STORY), at(100))
    ingest(session, account, Page({}, listings=listings), at(110))
    query = select(Message.external_id).where(Message.account_id == account.id, Message.deleted_at.is_not(None))
    return set(session.scalars(query))


@pytest.mark.parametrize(
    ("oldest", "newest", "missing"),
    [
        (0, 100, {"c1", "c2", "c4"}),
        (10, 30, {"c1", "c2", "c4"}),
        (11, 30, {"c2", "c4"}),
        (21, 30, {"c4"}),
        (10, 29, {"c1", "c2"}),
        (31, 100, set()),
    ],
)
def test_a_list_claims_what_it_reaches_and_nothing_before_or_after(
    account: tuple[Session, Account], oldest: float, newest: float, missing: set[str]
) -> None:
    """Both ends belong to it; what another thread holds is no business of this one's list."""
    listing = Listing("c1", False, at(oldest), at(newest), frozenset({"c3"}))
    assert deleted_after(*account, listing) == missing


def test_a_posts_list_claims_every_thread_below_it_and_no_private_one(account: tuple[Session, Account]) -> None:
    assert ROOT.subject is not None
    listing = Listing(ROOT.subject.external_id, True, at(0), at(100), frozenset({"c1", "c3"}))
    assert deleted_after(*account, listing) == {"c2", "c4", "c5"}


def test_a_list_of_one_account_claims_nothing_of_another(account: tuple[Session, Account]) -> None:
    session, ours = account
    other = accounts.bring_in(session, "else", "postbox", "2", {}, (), timedelta(seconds=10), at(-86400))
    ingest(session, other, Page({}, messages=STORY), at(100))
    ingest(session, other, Page({}, listings=(Listing("c1", False, at(0), at(100), frozenset()),)), at(110))
    assert deleted_after(session, ours) == set()


def test_an_announced_deletion_wins_over_every_later_arrival(account: tuple[Session, Account]) -> None:
    session, box = account
    gone = letter("geheim", "jana", at(10))
    early = (Change(gone.external_id, ChangeKind.EDITED, at(11), "geheimer"),
             Change(gone.external_id, ChangeKind.DELETED, at(12)))  # fmt: skip
    ingest(session, box, Page({}, changes=early), at(13), pushed=True)
    assert [row.text for row in session.scalars(select(EarlyChange))] == [None]
    for pushed in (True, False):
        ingest(session, box, Page({}, messages=(gone,)), at(14), pushed=pushed)
    row = session.scalars(select(Message)).one()
    assert (row.text, row.deleted_at is not None) == ("", True)
    assert session.scalars(select(Event.kind).where(Event.kind == "message_deleted")).all() == ["message_deleted"]
