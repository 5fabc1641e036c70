"""A crisis is declared, owned, raised and stood down; what its level freezes holds exactly as long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox import crises
from inbox.db import reading, writing
from inbox.errors import NotThere, Refusal
from inbox.models import Crisis
from tests.inbox.postbox import Office

ANNA = "anna@shop.example"


def declare(office: Office, level: int) -> int:
    with writing(office.runtime.sessions) as session:
        return crises.declare(session, office.runtime, level, "", "ein Test", ANNA, office.clock()).id


def raise_to(office: Office, crisis: int, level: int) -> None:
    with writing(office.runtime.sessions) as session:
        crises.raise_level(session, office.runtime, crisis, level, ANNA, office.clock())


def stand_down(office: Office, crisis: int) -> None:
    with writing(office.runtime.sessions) as session:
        crises.stand_down(session, crisis, ANNA, office.clock())


def behaviour(office: Office) -> tuple[str, str | None]:
    with reading(office.runtime.sessions) as session:
        found = crises.behaviour(session, office.runtime, office.clock())
        return found.automatic_replies, found.hold_replies


def test_the_gravest_running_crisis_decides(office: Office) -> None:
    assert behaviour(office) == ("normal", None)
    declare(office, 3)
    grave = declare(office, 4)
    assert behaviour(office) == ("none", "for_approval")
    stand_down(office, grave)
    assert behaviour(office) == ("holding", "for_approval")


def test_a_level_nobody_wrote_about_behaves_as_the_nearest_lower_one(office: Office) -> None:
    declare(office, 6)
    assert behaviour(office) == ("none", "for_approval")


def test_an_expired_crisis_freezes_nothing(office: Office) -> None:
    declare(office, 4)
    office.clock.advance(hours=24)
    assert behaviour(office) == ("normal", None)


def test_raising_gives_the_new_levels_time_and_lowering_takes_it(office: Office) -> None:
    crisis = declare(office, 2)
    assert office.rows(Crisis)[0].expires_at is None
    office.clock.advance(hours=1)
    raise_to(office, crisis, 4)
    assert office.rows(Crisis)[0].expires_at == office.clock() + timedelta(hours=24)
    raise_to(office, crisis, 2)
    assert office.rows(Crisis)[0].expires_at is None
    assert [(told["before"], told["level"]) for told in office.told("crisis_raised")] == [(2, 4), (4, 2)]


@pytest.mark.parametrize("level", [-1, 7])
def test_levels_end_somewhere(office: Office, level: int) -> None:
    with pytest.raises(Refusal, match="from 0 to 6") as refused:
        declare(office, level)
    assert refused.value.status == 422
    assert office.rows(Crisis) == []


def test_what_is_over_is_over(office: Office) -> None:
    crisis = declare(office, 3)
    stand_down(office, crisis)
    at = office.rows(Crisis)[0].stood_down_at
    office.clock.advance(minutes=1)
    stand_down(office, crisis)
    assert office.rows(Crisis)[0].stood_down_at == at
    assert len(office.told("crisis_stood_down")) == 1
    with pytest.raises(Refusal, match="Declare a new one"):
        raise_to(office, crisis, 4)
    with pytest.raises(NotThere):
        stand_down(office, crisis + 1)


def test_a_rule_declares_once_and_raises_only_upwards(office: Office) -> None:
    office.arrive(office.comment("Es ist explodiert!", "jana"), stream="comments")
    office.arrive(office.comment("Auch bei mir explodiert", "ben"), stream="comments")
    (crisis,) = office.rows(Crisis)
    assert (crisis.level, crisis.declared_by, crisis.cause) == (2, "playbook", "rule danger")
    raise_to(office, crisis.id, 4)
    office.arrive(office.comment("explodiert", "cleo"), stream="comments")
    assert [one.level for one in office.rows(Crisis)] == [4]


def test_under_a_level_replies_wait_for_a_second_person_and_after_it_they_do_not(office: Office) -> None:
    office.arrive(office.comment("Wo gibt es die?"), stream="comments")
    crisis = declare(office, 4)
    assert office.reply(office.conversation.id, "Überall.", "public", "k1").needs_approval
    stand_down(office, crisis)
    assert not office.reply(office.conversation.id, "Auch hier.", "public", "k2").needs_approval


def test_a_level_that_freezes_proposes_the_automatic_reply_instead(office: Office) -> None:
    crisis = declare(office, 4)
    office.arrive(office.letter("Guten Tag", "jana"))
    assert office.outbox == []
    assert [(one.kind, one.template) for one in office.suggestions] == [("reply", "hello")]
    stand_down(office, crisis)
    office.arrive(office.letter("Guten Tag", "ben"))
    assert [item.template for item in office.outbox] == ["hello"]
