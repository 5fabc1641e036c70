"""Who may come in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from inbox import access
from inbox.db import reading, writing
from inbox.errors import NotThere, Refusal
from inbox.models import ApiToken, SignIn, User
from inbox.runtime import Sessions
from tests.stepped_clock import SteppedClock

ANNA, PASSWORD, HOME = "anna@shop.example", "obviously-not-secret", "192.0.2.7"


@pytest.fixture
def anna(sessions: Sessions, clock: SteppedClock) -> access.Person:
    with writing(sessions) as session:
        return access.add_user(session, ANNA, PASSWORD, "agent", clock())


def test_right_password_opens_and_wrong_does_not(sessions: Sessions, clock: SteppedClock, anna: access.Person) -> None:
    answer = access.sign_in(sessions, " Anna@Shop.example ", PASSWORD, HOME, clock())
    assert answer.person == anna
    assert answer.secret
    assert access.sign_in(sessions, ANNA, PASSWORD + "x", HOME, clock()) == access.SignInAnswer()
    assert access.sign_in(sessions, "nobody@shop.example", PASSWORD, HOME, clock()) == access.SignInAnswer()


def test_neither_password_nor_secrets_are_stored(sessions: Sessions, clock: SteppedClock, anna: access.Person) -> None:
    secret = access.sign_in(sessions, ANNA, PASSWORD, HOME, clock()).secret
    with writing(sessions) as session:
        token = access.add_token(session, "script", "agent", clock())
    with reading(sessions) as session:
        stored = [
            session.scalar(select(User.password_hash)),
            session.scalar(select(SignIn.token_hash)),
            session.scalar(select(ApiToken.token_hash)),
        ]
    assert str(stored[0]).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    for each in stored:
        assert PASSWORD not in str(each)
        assert secret is not None
        assert secret not in str(each)
        assert token not in str(each)


def test_a_sign_in_ends_when_idle_when_old_and_when_signed_out(
    sessions: Sessions, clock: SteppedClock, anna: access.Person
) -> None:
    secret = access.sign_in(sessions, ANNA, PASSWORD, HOME, clock()).secret
    assert secret is not None
    with writing(sessions) as session:
        found = access.signed_in(session, secret, clock())
        assert found is not None
        assert found.person == anna
        assert not found.stale
        assert access.signed_in(session, secret, clock() + access.IDLE) is None
        later = clock() + access.IDLE - timedelta(seconds=1)
        assert access.signed_in(session, secret, later) is not None
        moment = clock()
        while moment < clock() + access.ABSOLUTE:
            assert access.signed_in(session, secret, moment) is not None
            access.touch(session, secret, moment)
            moment += timedelta(hours=20)
        assert access.signed_in(session, secret, clock() + access.ABSOLUTE) is None
        access.end_sign_in(session, secret)
        assert access.signed_in(session, secret, clock()) is None
        assert access.signed_in(session, "", clock()) is None
        assert access.signed_in(session, None, clock()) is None


def test_a_disabled_person_is_out_at_once(sessions: Sessions, clock: SteppedClock, anna: access.Person) -> None:
    secret = access.sign_in(sessions, ANNA, PASSWORD, HOME, clock()).secret
    with writing(sessions) as session:
        access.disable(session, ANNA, clock())
        assert access.signed_in(session, secret, clock()) is None
    assert access.sign_in(sessions, ANNA, PASSWORD, HOME, clock()).person is None


def test_a_new_password_ends_old_sign_ins(sessions: Sessions, clock: SteppedClock, anna: access.Person) -> None:
    secret = access.sign_in(sessions, ANNA, PASSWORD, HOME, clock()).secret
    with writing(sessions) as session:
        access.set_password(session, ANNA, "another-plain-word", clock())
        assert access.signed_in(session, secret, clock()) is None
    assert access.sign_in(sessions, ANNA, PASSWORD, HOME, clock()).person is None
    assert access.sign_in(sessions, ANNA, "another-plain-word", HOME, clock()).person == anna


def test_guessing_slows_down_but_only_for_the_guesser(
    sessions: Sessions, clock: SteppedClock, anna: access.Person
) -> None:
    for _ in range(5):
        assert access.sign_in(sessions, ANNA, "wrong-guess", HOME, clock()).wait_until is None
    held = access.sign_in(sessions, ANNA, PASSWORD, HOME, clock())
    assert held.person is None
    assert held.wait_until is not None
    assert held.wait_until > clock()
    assert access.sign_in(sessions, ANNA, PASSWORD, "192.0.2.8", clock()).person == anna
    clock.set(held.wait_until)
    assert access.sign_in(sessions, ANNA, "wrong-guess", HOME, clock()).wait_until is None
    longer = access.sign_in(sessions, ANNA, PASSWORD, HOME, clock())
    assert longer.wait_until is not None
    assert longer.wait_until - clock() > held.wait_until - clock()
    clock.set(longer.wait_until)
    assert access.sign_in(sessions, ANNA, PASSWORD, HOME, clock()).person == anna
    assert access.sign_in(sessions, ANNA, "wrong-guess", HOME, clock()).wait_until is None


def test_one_address_cannot_try_many_people(sessions: Sessions, clock: SteppedClock) -> None:
    for number in range(20):
        assert access.sign_in(sessions, f"p{number}@shop.example", "x" * 10, HOME, clock()).wait_until is None
    assert access.sign_in(sessions, "p99@shop.example", "x" * 10, HOME, clock()).wait_until is not None


@pytest.mark.parametrize(
    ("email", "password", "role", "status"),
    [
        ("anna", PASSWORD, "agent", 422),
        ("anna@", PASSWORD, "agent", 422),
        ("anna @shop.example", PASSWORD, "agent", 422),
        ("ben@shop.example", "pass-12", "agent", 422),
        ("ben@shop.example", "x" * 1001, "agent", 422),
        ("ben@shop.example", PASSWORD, "boss", 422),
        ("ANNA@shop.example", PASSWORD, "agent", 409),
    ],
)
def test_refused_people(
    sessions: Sessions, clock: SteppedClock, anna: access.Person, email: str, password: str, role: str, status: int
) -> None:
    with pytest.raises(Refusal) as refused, writing(sessions) as session:
        access.add_user(session, email, password, role, clock())
    assert refused.value.status == status
    assert password not in refused.value.detail


def test_the_last_admin_stays(sessions: Sessions, clock: SteppedClock) -> None:
    with writing(sessions) as session:
        access.add_user(session, "cleo@shop.example", PASSWORD, "admin", clock())
        with pytest.raises(Refusal):
            access.disable(session, "cleo@shop.example", clock())
        with pytest.raises(Refusal):
            access.change_role(session, "cleo@shop.example", "agent", clock())
        access.add_user(session, "dora@shop.example", PASSWORD, "admin", clock())
        access.change_role(session, "cleo@shop.example", "agent", clock())
        assert [(person.email, person.role) for person in access.people(session)] == [
            ("cleo@shop.example", "agent"),
            ("dora@shop.example", "admin"),
        ]
        with pytest.raises(NotThere):
            access.disable(session, "nobody@shop.example", clock())


def test_roles_grow(sessions: Sessions) -> None:
    assert access.may("admin", "manager")
    assert access.may("manager", "agent")
    assert not access.may("agent", "manager")
    assert not access.may("root", "agent")


def test_tokens(sessions: Sessions, clock: SteppedClock) -> None:
    with writing(sessions) as session:
        secret = access.add_token(session, "script", "manager", clock())
        assert secret.startswith("zrf_")
        assert len(secret) >= 20
        found = access.caller_of_token(session, secret)
        assert found == (access.Caller("script", "manager"), None)
        access.touch_token(session, secret, clock())
        assert access.tokens(session)[0].used_at == clock()
        assert access.caller_of_token(session, secret + "x") is None
        assert access.caller_of_token(session, "") is None
        with pytest.raises(Refusal):
            access.add_token(session, "script", "agent", clock())
        access.revoke_token(session, "script", clock())
        assert access.caller_of_token(session, secret) is None
        with pytest.raises(NotThere):
            access.revoke_token(session, "nothing", clock())


def test_csrf_tokens(sessions: Sessions, clock: SteppedClock, anna: access.Person) -> None:
    first, second = (access.sign_in(sessions, ANNA, PASSWORD, HOME, clock()).secret for _ in range(2))
    with reading(sessions) as session:
        one, other = (access.signed_in(session, secret, clock()) for secret in (first, second))
    assert one is not None
    assert other is not None
    assert access.csrf_matches(one.csrf, one.csrf)
    assert not access.csrf_matches(one.csrf, other.csrf)
    assert not access.csrf_matches(one.csrf, "")
    assert not access.csrf_matches(one.csrf, None)
    assert not access.csrf_matches(one.csrf, "ü")
    visitor = access.new_visitor()
    assert access.csrf_matches(access.visitor_csrf(visitor), access.visitor_csrf(visitor))
    assert not access.csrf_matches(access.visitor_csrf(visitor), access.visitor_csrf(access.new_visitor()))
