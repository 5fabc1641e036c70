"""Profiles of one person belong together only because somebody said so, and come apart again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from inbox import contacts, profiles
from inbox.db import reading, writing
from inbox.errors import NotThere, Refusal
from inbox.models import Contact, Event
from inbox.queries.contacts import alike, contact
from inbox.runtime import Runtime
from tests.inbox.shop import add_comment

ANNA = "anna@shop.example"


@pytest.fixture
def people(runtime: Runtime) -> list[int]:
    """Four contacts called Jana Müller, each with a conversation."""
    for number in range(1, 5):
        add_comment(runtime, number=number)
    with reading(runtime.sessions) as session:
        return list(session.scalars(select(Contact.id).order_by(Contact.id)))


def group_of(runtime: Runtime, contact_id: int) -> set[int]:
    with reading(runtime.sessions) as session:
        return {profile.id for profile in contact(session, contact_id, runtime.clock()).profiles}


def link(runtime: Runtime, one: int, other: int) -> None:
    with writing(runtime.sessions) as session:
        profiles.link(session, one, other, ANNA, runtime.clock())


def unlink(runtime: Runtime, one: int) -> None:
    with writing(runtime.sessions) as session:
        profiles.unlink(session, one, ANNA, runtime.clock())


def test_linking_joins_whole_groups_and_is_told(runtime: Runtime, people: list[int]) -> None:
    a, b, c, d = people
    link(runtime, a, b)
    link(runtime, c, d)
    assert group_of(runtime, a) == {b}
    link(runtime, b, c)
    link(runtime, b, c)
    for one in people:
        assert group_of(runtime, one) == set(people) - {one}
    with reading(runtime.sessions) as session:
        told = session.scalars(select(Event).where(Event.kind == "contact_linked")).all()
    assert len(told) == 6
    assert {event.actor for event in told} == {ANNA}
    assert {event.data["name"] for event in told} == {"Jana Müller"}


@pytest.mark.parametrize("leaving", [0, 1, 2])
def test_whoever_leaves_the_others_stay_together(runtime: Runtime, people: list[int], leaving: int) -> None:
    for other in people[1:3]:
        link(runtime, people[0], other)
    gone = people[leaving]
    unlink(runtime, gone)
    unlink(runtime, gone)
    left = set(people[:3]) - {gone}
    assert group_of(runtime, gone) == set()
    for one in left:
        assert group_of(runtime, one) == left - {one}


def test_nobody_is_linked_by_being_called_the_same(runtime: Runtime, people: list[int]) -> None:
    a, b, *_ = people
    with reading(runtime.sessions) as session:
        assert [found.id for found in alike(session, a, "")] == people[1:]
        assert [found.id for found in alike(session, a, "müller")] == people[1:]
        assert alike(session, a, "100%") == []
    assert group_of(runtime, a) == set()
    link(runtime, a, b)
    with reading(runtime.sessions) as session:
        assert [found.id for found in alike(session, a, "")] == people[2:]


def test_an_erased_person_belongs_to_nobody(runtime: Runtime, people: list[int]) -> None:
    a, b, c, _ = people
    link(runtime, a, b)
    with writing(runtime.sessions) as session:
        contacts.erase(session, b, ANNA, runtime.clock())
    assert group_of(runtime, a) == group_of(runtime, b) == set()
    with pytest.raises(Refusal, match="erased"):
        link(runtime, c, b)


def test_what_cannot_be_linked(runtime: Runtime, people: list[int]) -> None:
    with pytest.raises(Refusal, match="itself"):
        link(runtime, people[0], people[0])
    with pytest.raises(NotThere):
        link(runtime, people[0], 999)
