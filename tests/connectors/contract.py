"""What every channel owes the inbox, as tests over one stage per channel.

`Contract` holds the tests; `stages.py` names the stages. They speak of what a person would see: `Held` is a small
inbox that keeps what pages bring.
"""

from __future__ import annotations

import json
import random
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.base import (
    InboundMessage,
    Kind,
    LoginExpired,
    NothingHappened,
    OutcomeUnknown,
    RateLimited,
    RefusalReason,
    Refused,
    Reply,
    Situation,
    Unavailable,
    Visibility,
    Way,
    WayState,
)
from tests.connectors.held import held
from tests.connectors.stage import Stage, Trouble


def answer_to(message: InboundMessage, way: Way, text: str, stage: Stage) -> Reply:
    person = message.correspondent or message.author
    return Reply(
        marker="zuruf-contract-1",
        way=way,
        text=text,
        conversation_id=message.conversation_id,
        target_id=message.external_id,
        recipient_id=person.external_id,
        subject_id=message.subject.external_id if message.subject else None,
        written_by_human=True,
        attempted_at=stage.clock(),
    )


def moments(value: Any) -> list[datetime]:
    """Every time anywhere inside a page."""
    if isinstance(value, datetime):
        return [value]
    if is_dataclass(value) and not isinstance(value, type):
        return [found for part in fields(value) for found in moments(getattr(value, part.name))]
    if isinstance(value, dict):
        return [found for part in value.values() for found in moments(part)]
    if isinstance(value, list | tuple | set | frozenset):
        return [found for part in value for found in moments(part)]
    return []


class Contract:
    """The tests. A subclass or a module gives the fixture `stage`."""

    def test_everything_is_read_once_with_its_direction_and_visibility(self, stage: Stage) -> None:
        public = [stage.public(f"Frage {number}") for number in range(7)]
        private = [stage.private(f"Nachricht {number}") for number in range(5)]
        stage.clock.advance(minutes=1)
        own_public = stage.colleague_public(public[0], "Antwort der Kollegin")
        own_private = stage.colleague_private("Antwort unter vier Augen")
        inbox = held(stage)
        inbox.read()
        assert set(inbox.visible) == {*public, *private, own_public, own_private}
        assert inbox.unreadable == []
        for known in (*public, own_public):
            assert inbox.messages[known].visibility is Visibility.PUBLIC
            assert inbox.messages[known].kind is not Kind.DIRECT_MESSAGE
        for known in (*private, own_private):
            assert inbox.messages[known].visibility is Visibility.PRIVATE
            assert inbox.messages[known].kind is Kind.DIRECT_MESSAGE
        assert {known for known, message in inbox.messages.items() if message.own} == {own_public, own_private}
        assert inbox.messages[own_public].conversation_id == inbox.messages[public[0]].conversation_id
        assert len({inbox.messages[known].conversation_id for known in (*private, own_private)}) == 1
        assert {message.kind for message in inbox.messages.values()} <= inbox.connector.capabilities.kinds

    def test_words_arrive_as_they_were_written(self, stage: Stage) -> None:
        text = "Grüß Gott & <danke> für „alles“ – 👋🏽 \n2. Zeile"
        known, hidden = stage.public(text), stage.private(text)
        inbox = held(stage)
        inbox.read()
        assert text in inbox.messages[known].text
        assert inbox.messages[hidden].text == text

    def test_reading_again_adds_nothing_and_changes_nothing(self, stage: Stage) -> None:
        for number in range(4):
            stage.public(f"Frage {number}")
            stage.private(f"Nachricht {number}")
        inbox = held(stage)
        inbox.read()
        before = dict(inbox.visible)
        for _ in range(3):
            stage.clock.advance(minutes=2)
            inbox.connector = stage.connect()
            inbox.read()
        assert inbox.visible == before
        assert inbox.gaps == []

    def test_what_comes_later_is_read_later(self, stage: Stage) -> None:
        inbox = held(stage)
        inbox.read()
        expected = set()
        for number in range(4):
            stage.clock.advance(minutes=1)
            first = stage.public(f"Frage {number}")
            expected |= {
                first,
                stage.private(f"Nachricht {number}"),
                stage.colleague_public(first, f"Antwort {number}"),
            }
            inbox.read()
            assert set(inbox.visible) == expected

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_interruptions_lose_nothing(self, stage: Stage, seed: int) -> None:
        chance = random.Random(seed)
        expected = {stage.public(f"Alte Frage {number}") for number in range(60)}
        expected |= {stage.private(f"Alte Nachricht {number}") for number in range(15)}
        inbox = held(stage)
        stage.rates(
            [Trouble.DOWN, Trouble.CUT, Trouble.NONSENSE, Trouble.SHUFFLED, Trouble.DOUBLED, Trouble.BROKEN_ROW],
            0.08,
            seed,
        )
        for number in range(25):
            stage.clock.advance(seconds=30)
            expected.add(stage.public(f"Frage {number}") if number % 2 else stage.private(f"Nachricht {number}"))
            for stream in inbox.connector.streams():
                try:
                    inbox.step(stream.name, lost=chance.random() < 0.3)
                except NothingHappened:
                    inbox.connector = stage.connect()
        stage.calm()
        for _ in range(3):
            stage.clock.advance(minutes=2)
            inbox.read()
        assert set(inbox.visible) == expected
        assert not any(message.own for message in inbox.messages.values())

    def test_a_broken_row_costs_only_itself_and_comes_when_it_is_mended(self, stage: Stage) -> None:
        expected = {stage.public(f"Frage {number}") for number in range(5)}
        expected |= {stage.private(f"Nachricht {number}") for number in range(5)}
        inbox = held(stage)
        stage.trouble(Trouble.BROKEN_ROW, times=3)
        for _ in range(3):
            inbox.read()
            stage.clock.advance(minutes=2)
        stage.calm()
        inbox.read()
        assert set(inbox.visible) == expected
        assert all(len(odd.raw) <= 64 * 1024 and odd.reason for odd in inbox.unreadable)

    def test_a_deletion_is_seen(self, stage: Stage) -> None:
        first, second = stage.public("Das bleibt"), stage.public("Das verschwindet")
        inbox = held(stage)
        inbox.read()
        stage.clock.advance(minutes=2)
        stage.delete(second)
        for _ in range(3):
            stage.clock.advance(minutes=1)
            inbox.read()
        assert set(inbox.visible) == {first}

    def test_an_edit_is_seen_and_stays_one_message(self, stage: Stage) -> None:
        known = stage.public("Erste Fassung")
        inbox = held(stage)
        inbox.read()
        stage.clock.advance(minutes=2)
        stage.edit(known, "Zweite Fassung")
        for _ in range(3):
            stage.clock.advance(minutes=1)
            inbox.read()
        assert set(inbox.visible) == {known}
        assert "Zweite Fassung" in inbox.messages[known].text

    @pytest.mark.parametrize(
        ("trouble", "kind"),
        [
            (Trouble.RATE_LIMITED, RateLimited),
            (Trouble.LOGIN_EXPIRED, LoginExpired),
            (Trouble.DOWN, Unavailable),
            (Trouble.CUT, Unavailable),
            (Trouble.NONSENSE, Unavailable),
        ],
    )
    def test_trouble_while_reading_is_sorted(self, stage: Stage, trouble: Trouble, kind: type[NothingHappened]) -> None:
        stage.public("Frage")
        connector = stage.connect()
        stream = connector.streams()[0].name
        stage.trouble(trouble, times=20)
        with pytest.raises(kind) as caught:
            connector.fetch(stream, None, held(stage).poll())
        self.tells_no_secret(stage, str(caught.value))
        stage.calm()
        inbox = held(stage)
        inbox.read()
        assert len(inbox.visible) == 1

    @staticmethod
    def tells_no_secret(stage: Stage, text: str) -> None:
        for secret in stage.login.credentials.values():
            assert secret not in text

    def test_times_are_aware_and_cursors_hold_no_secret(self, stage: Stage) -> None:
        first = stage.public("Frage")
        stage.private("Nachricht")
        stage.colleague_public(first, "Antwort")
        inbox = held(stage)
        inbox.read()
        for moment in moments(inbox.pages):
            assert moment.tzinfo is not None
            assert moment.utcoffset() == timedelta(0)
        self.tells_no_secret(stage, json.dumps([page.cursor for page in inbox.pages]))
        self.tells_no_secret(stage, repr(inbox.pages))
        self.tells_no_secret(stage, repr(stage.login))
        assert "http" not in json.dumps([page.cursor for page in inbox.pages]), "a cursor is never an address"

    # -- sending -----------------------------------------------------------------------------------------------------

    @staticmethod
    def ways_to_answer(stage: Stage) -> list[tuple[InboundMessage, Way]]:
        public, private = stage.public("Wo bleibt mein Paket?"), stage.private("Guten Tag")
        inbox = held(stage)
        inbox.read()
        stage.clock.advance(minutes=1)
        return [(inbox.messages[public], Way.PUBLIC_REPLY), (inbox.messages[private], Way.DIRECT_MESSAGE)]

    def test_a_reply_is_said_once_found_again_and_comes_back_as_ours(self, stage: Stage) -> None:
        for message, way in self.ways_to_answer(stage):
            connector = stage.connect()
            reply = answer_to(message, way, f"Gerne doch ({way.value})", stage)
            receipt = connector.send(reply, stage.clock())
            assert stage.written()[-1] == reply.text
            found = connector.find_own(reply, stage.clock())
            assert found is not None
            assert found.external_id == receipt.external_id
            inbox = held(stage)
            inbox.read()
            echo = inbox.visible[receipt.external_id]
            assert echo.own
            assert echo.text == reply.text
            assert echo.conversation_id == message.conversation_id
        assert len(stage.written()) == 2

    def test_a_reply_whose_answer_is_lost_is_found(self, stage: Stage) -> None:
        for message, way in self.ways_to_answer(stage):
            connector = stage.connect()
            reply = answer_to(message, way, f"Verloren gegangen ({way.value})", stage)
            stage.trouble(Trouble.WRITE_CUT_AFTER)
            with pytest.raises(OutcomeUnknown):
                connector.send(reply, stage.clock())
            stage.calm()
            stage.clock.advance(seconds=5)
            assert connector.find_own(reply, stage.clock()) is not None
        assert len(stage.written()) == 2, "nothing is sent again by itself"

    def test_a_reply_that_never_arrived_is_not_found(self, stage: Stage) -> None:
        for message, way in self.ways_to_answer(stage):
            connector = stage.connect()
            reply = answer_to(message, way, f"Nie angekommen ({way.value})", stage)
            stage.trouble(Trouble.WRITE_CUT_BEFORE)
            with pytest.raises((OutcomeUnknown, Unavailable)):
                connector.send(reply, stage.clock())
            stage.calm()
            assert connector.find_own(reply, stage.clock()) is None
        assert stage.written() == []

    def test_an_older_equal_reply_is_not_taken_for_the_new_one(self, stage: Stage) -> None:
        for message, way in self.ways_to_answer(stage):
            connector = stage.connect()
            reply = answer_to(message, way, f"Danke! ({way.value})", stage)
            receipt = connector.send(reply, stage.clock())
            later = replace(reply, known_own_ids=frozenset({receipt.external_id}))
            assert connector.find_own(later, stage.clock()) is None

    def test_a_text_that_is_too_long_never_leaves(self, stage: Stage) -> None:
        for message, way in self.ways_to_answer(stage):
            connector = stage.connect()
            text = "x" * (connector.text_limit(way) + 1)
            assert connector.text_length(text, way) > connector.text_limit(way)
            with pytest.raises(Refused) as refusal:
                connector.send(answer_to(message, way, text, stage), stage.clock())
            assert refusal.value.reason is RefusalReason.TOO_LONG
        assert stage.written() == []

    def test_trouble_while_sending_is_sorted(self, stage: Stage) -> None:
        for message, way in self.ways_to_answer(stage):
            for trouble, kind in ((Trouble.RATE_LIMITED, RateLimited), (Trouble.LOGIN_EXPIRED, LoginExpired)):
                stage.trouble(trouble)
                with pytest.raises(kind) as caught:
                    stage.connect().send(answer_to(message, way, "Hallo", stage), stage.clock())
                self.tells_no_secret(stage, str(caught.value))
                stage.calm()
        assert stage.written() == []

    def test_a_thread_can_be_read_again(self, stage: Stage) -> None:
        for message, _ in self.ways_to_answer(stage):
            if message.visibility is Visibility.PUBLIC:
                own = stage.colleague_public(message.external_id, "Schon erledigt")
            else:
                own = stage.colleague_private("Schon erledigt")
            connector = stage.connect()
            inbox = held(stage)
            page = connector.read_thread(message.conversation_id, message.kind, inbox.poll())
            assert own in {found.external_id for found in page.messages if found.own}

    # -- law, pushes, logins -----------------------------------------------------------------------------------------

    def test_the_law_is_total_and_speaks_only_of_ways_the_channel_has(self, stage: Stage) -> None:
        connector = stage.connect()
        now = stage.clock()
        choices = (None, True, False)
        for kind in Kind:
            for summons in choices:
                for used in (True, False):
                    for days in (None, 0, 2, 8, 400):
                        written = None if days is None else now - timedelta(days=days)
                        situation = Situation(
                            kind,
                            now,
                            "1",
                            written,
                            last_inbound_at=written,
                            private_reply_used=used,
                            summons_us=summons,
                        )
                        options = connector.ways(situation)
                        assert options, "there is always something to say about what is possible"
                        assert len({option.way for option in options}) == len(options)
                        assert {option.way for option in options} <= connector.capabilities.ways
                        for option in options:
                            assert option.reason
                            assert option.deadline is None or option.deadline.tzinfo is not None
                            if option.state is WayState.EXPIRED:
                                assert option.deadline is None or option.deadline <= now

    def test_an_odd_push_is_never_an_exception(self, stage: Stage) -> None:
        for body in (b"", b"{}", b"[]", b"null", b"\xff\x00", b'{"entry":5}', b'{"data":[{}]}', b'{"entry":[{}, 3]}'):
            assert stage.connect().read_push(body, stage.clock()).messages == ()

    @pytest.mark.parametrize(
        "headers", [{}, {"x-hub-signature-256": "sha256=00"}, {"x-twitter-webhooks-signature": ""}]
    )
    def test_an_unsigned_push_does_not_fit(self, stage: Stage, headers: dict[str, str]) -> None:
        assert not stage.connect().signature_fits(headers, b"{}")

    def test_a_foreign_question_is_not_answered(self, stage: Stage) -> None:
        assert stage.connect().answer_challenge({"who": "are you"}) is None

    def test_the_account_is_found_in_order(self, stage: Stage) -> None:
        inspection = stage.connect().inspect(stage.clock())
        assert inspection.problems == ()
        assert inspection.account_name

    def test_the_login_holds_one_of_the_sets_the_channel_asks_for(self, stage: Stage) -> None:
        given = stage.login.credentials
        sets = stage.connect().required_credentials
        assert any(all(given.get(name) for name in names) for names in sets)

    def test_streams_have_names_of_their_own(self, stage: Stage) -> None:
        streams = stage.connect().streams()
        assert len({stream.name for stream in streams}) == len(streams)
        assert all(stream.every >= 1 for stream in streams)
