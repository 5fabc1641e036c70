"""What a platform says is missing is shown to people until it is put right."""

from __future__ import annotations

from connectors.base import Inspection, LoginExpired, Unavailable
from inbox import access, inspection, logins
from inbox.db import reading, writing
from inbox.logins import LOOK_EVERY
from tests.inbox.postbox import Office
from tests.inbox.shop import client_of, token_for

MISSING = "The token lacks the permission read_letters; grant it in the app's settings."


def page_of(office: Office) -> str:
    with client_of(office.runtime) as browser:
        with writing(office.runtime.sessions) as session:
            person = access.add_user(session, "anna@shop.example", "obviously-not-secret", "admin", office.clock())
            browser.cookies.set("zuruf_session", access.start_sign_in(session, person.id, office.clock()))
        return browser.get("/accounts", headers={"accept-language": "en"}).text


def test_the_daily_inspection_is_shown_on_the_page_in_the_api_and_taken_back(office: Office) -> None:
    office.box.inspections.append(Inspection("Postbox", problems=(MISSING,)))
    office.clock.advance(seconds=LOOK_EVERY.total_seconds() + 1)
    logins.keep_fresh(office.runtime)
    assert office.account.problems == [MISSING]
    assert office.account.health == "ok"
    assert "lacks the permission read_letters" in page_of(office)
    with client_of(office.runtime, token_for(office.runtime)) as program:
        (listed,) = program.get("/api/v1/accounts").json()["items"]
        assert listed["problems"] == [MISSING]
    office.clock.advance(seconds=LOOK_EVERY.total_seconds() + 1)
    logins.keep_fresh(office.runtime)
    assert office.account.problems == []


def test_an_account_that_fits_shows_nothing(office: Office) -> None:
    assert "something is missing" not in page_of(office)


def test_a_test_by_hand_is_kept_like_the_daily_one(office: Office) -> None:
    office.box.inspections.append(Inspection("Postbox", problems=(MISSING,)))
    assert inspection.inspect(office.runtime, "box", office.clock()) == [MISSING]
    assert office.account.problems == [MISSING]
    assert office.account.login_checked_at == office.clock()
    assert inspection.inspect(office.runtime, "box", office.clock()) == []
    assert office.account.problems == []


def test_a_platform_that_cannot_be_asked_changes_nothing_that_is_known(office: Office) -> None:
    office.box.inspections += [
        Inspection("Postbox", problems=(MISSING,)),
        Unavailable("no answer"),
        LoginExpired("expired"),
    ]
    inspection.inspect(office.runtime, "box", office.clock())
    assert inspection.inspect(office.runtime, "box", office.clock()) == ["no answer"]
    assert inspection.inspect(office.runtime, "box", office.clock()) == ["expired"]
    with reading(office.runtime.sessions):
        assert office.account.problems == [MISSING]
