"""What every channel owes the inbox about pictures and files, as tests over one stage per channel.

A channel that takes none keeps the contract too: it says so, and refuses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from connectors.base import (
    Connector,
    Delivery,
    InboundMessage,
    LoginExpired,
    MediaFile,
    OutcomeUnknown,
    RateLimited,
    RefusalReason,
    Refused,
    Reply,
    Unavailable,
    Way,
)
from tests.connectors.contract import Contract, answer_to
from tests.connectors.held import held
from tests.connectors.stage import Stage, Trouble

PICTURE = b"\x89PNG\r\n\x1a\n" + b"not much of a picture " * 40
Host = Callable[[bytes, str], str]
"""Puts a file where a platform can fetch it; its address."""


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def brought(
    stage: Stage, connector: Connector, way: Way, host: Host, now: datetime, content: bytes = PICTURE
) -> MediaFile | None:
    """A picture as far on its way as the channel wants it before the reply is sent; None where none is taken."""
    taken = connector.files_taken(way, stage.login.options)
    if taken is None:
        return None
    file = MediaFile("image/png", "kleid.png", "Ein blaues Kleid" if taken.longest_alternative_text else "", content)
    if taken.delivery is Delivery.UPLOADED:
        return replace(file, platform_id=connector.upload(file, way, now).platform_id)
    return replace(file, fetch_url=host(content, "image/png")) if taken.delivery is Delivery.FETCHED else file


class FilesContract:
    """The tests. A subclass or a module gives the fixtures `stage` and `host`."""

    @staticmethod
    def answers(stage: Stage, host: Host) -> list[tuple[InboundMessage, Reply]]:
        """A reply with a picture for each way that takes one: with words where both fit into one message."""
        found = []
        for message, way in Contract.ways_to_answer(stage):
            connector = stage.connect()
            file = brought(stage, connector, way, host, stage.clock())
            taken = connector.files_taken(way, stage.login.options)
            if file is not None and taken is not None:
                text = "Meinen Sie dieses?" if taken.with_text else ""
                found.append((message, replace(answer_to(message, way, text, stage), files=(file,))))
        return found

    def test_a_picture_goes_along_once_and_comes_back_as_ours(self, stage: Stage, host: Host) -> None:
        for message, reply in self.answers(stage, host):
            before = len(stage.carried())
            receipt = stage.connect().send(reply, stage.clock())
            assert stage.carried()[before:] == [digest(PICTURE)]
            assert stage.written()[-1] == reply.text
            found = stage.connect().find_own(self.looked_for(reply), stage.clock())
            assert found is not None
            assert found.external_id == receipt.external_id
            inbox = held(stage)
            inbox.read()
            echo = inbox.visible[receipt.external_id]
            assert echo.own
            assert echo.text == reply.text
            assert echo.attachments
            assert echo.conversation_id == message.conversation_id

    @staticmethod
    def looked_for(reply: Reply) -> Reply:
        """As it is looked for after a doubt: without its bytes."""
        return replace(reply, files=tuple(MediaFile(f.content_type, f.name, f.alternative_text) for f in reply.files))

    def test_a_picture_whose_answer_is_lost_is_found_and_not_sent_again(self, stage: Stage, host: Host) -> None:
        answers = self.answers(stage, host)
        for _, reply in answers:
            stage.trouble(Trouble.WRITE_CUT_AFTER)
            with pytest.raises(OutcomeUnknown):
                stage.connect().send(reply, stage.clock())
            stage.calm()
            stage.clock.advance(seconds=5)
            assert stage.connect().find_own(self.looked_for(reply), stage.clock()) is not None
        assert stage.carried() == [digest(PICTURE)] * len(answers)

    def test_a_picture_that_never_arrived_is_not_found(self, stage: Stage, host: Host) -> None:
        for _, reply in self.answers(stage, host):
            stage.trouble(Trouble.WRITE_CUT_BEFORE)
            with pytest.raises((OutcomeUnknown, Unavailable)):
                stage.connect().send(reply, stage.clock())
            stage.calm()
            assert stage.connect().find_own(self.looked_for(reply), stage.clock()) is None
        assert stage.carried() == []

    def test_words_alone_are_not_taken_for_the_picture(self, stage: Stage, host: Host) -> None:
        for message, reply in self.answers(stage, host):
            if not reply.text:
                stage.connect().send(answer_to(message, reply.way, "Nur Worte", stage), stage.clock())
                assert stage.connect().find_own(self.looked_for(reply), stage.clock()) is None

    @pytest.mark.parametrize("trouble", [Trouble.WRITE_CUT_AFTER, Trouble.WRITE_CUT_BEFORE])
    def test_an_upload_without_an_answer_is_no_doubt_and_may_be_repeated(
        self, stage: Stage, host: Host, trouble: Trouble
    ) -> None:
        for _, way in Contract.ways_to_answer(stage):
            connector = stage.connect()
            taken = connector.files_taken(way, stage.login.options)
            if taken is None or taken.delivery is not Delivery.UPLOADED:
                continue
            stage.trouble(trouble)
            with pytest.raises(Unavailable):
                brought(stage, connector, way, host, stage.clock())
            stage.calm()
            assert brought(stage, connector, way, host, stage.clock()) is not None
        assert stage.written() == []

    def test_trouble_while_uploading_is_sorted(self, stage: Stage, host: Host) -> None:
        for _, way in Contract.ways_to_answer(stage):
            taken = stage.connect().files_taken(way, stage.login.options)
            if taken is None or taken.delivery is not Delivery.UPLOADED:
                continue
            for trouble, kind in ((Trouble.RATE_LIMITED, RateLimited), (Trouble.LOGIN_EXPIRED, LoginExpired)):
                stage.trouble(trouble)
                with pytest.raises(kind) as caught:
                    brought(stage, stage.connect(), way, host, stage.clock())
                Contract.tells_no_secret(stage, str(caught.value))
                stage.calm()

    def test_what_the_platform_would_refuse_never_leaves(self, stage: Stage, host: Host) -> None:
        for message, way in Contract.ways_to_answer(stage):
            connector = stage.connect()
            taken = connector.files_taken(way, stage.login.options)
            carried = MediaFile("image/png", "a.png", "", PICTURE, "123456", "http://127.0.0.1:9/a.png")
            odd: list[tuple[MediaFile, ...]] = [(replace(carried, content_type="application/x-dosexec"),)]
            if taken is not None:
                most = taken.largest["image/png"]
                odd += [(carried,) * (taken.most + 1), (replace(carried, content=b"x" * (most + 1)),)]
            for files in odd:
                reply = replace(answer_to(message, way, "", stage), files=files)
                with pytest.raises(Refused) as refusal:
                    connector.send(reply, stage.clock())
                assert refusal.value.reason is RefusalReason.ATTACHMENT_REFUSED
            if taken is None or not taken.with_text:
                both = replace(answer_to(message, way, "Text dazu", stage), files=(carried,))
                with pytest.raises(Refused):
                    connector.send(both, stage.clock())
        assert stage.written() == []

    def test_what_is_taken_is_said_for_every_way(self, stage: Stage) -> None:
        connector = stage.connect()
        for way in connector.capabilities.ways:
            taken = connector.files_taken(way, stage.login.options)
            if taken is not None:
                assert taken.most >= 1
                assert taken.largest
                assert min(taken.largest.values()) > 0
                assert all("/" in content_type for content_type in taken.largest)
        assert connector.files_taken(Way.ON_PLATFORM, stage.login.options) is None
