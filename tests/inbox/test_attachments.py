"""Files for replies: stored once, refused where the platform takes none, sent once, and gone when they should be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import (
    Attachment as Shown,
)
from connectors.base import (
    Author,
    OutcomeUnknown,
    Page,
    RateLimited,
    Receipt,
    RefusalReason,
    Refused,
    Unavailable,
    Way,
)
from inbox import accounts, attachments, contacts, outbox, replies, retention
from inbox.db import reading, writing
from inbox.errors import NotThere, Refusal
from inbox.models import AccountUsage, Attachment, Contact, OutboxItem
from inbox.queries.outbox import outbox as outbox_page
from tests.inbox.pictures import GPS, PDF, jpeg, png
from tests.inbox.postbox import Office, Postbox
from tests.stepped_clock import SteppedClock

ANNA = "anna@shop.example"


@pytest.fixture
def asked(office: Office) -> Office:
    """Somebody wrote, and a colleague will answer by hand."""
    office.arrive(office.letter("Gibt es das Kleid in Blau?"))
    return office


def items(office: Office) -> list[OutboxItem]:
    """What colleagues said; the machine's greeting was withdrawn when they did."""
    return [item for item in office.outbox if item.origin == "agent"]


def states(office: Office) -> list[str]:
    return [item.state for item in items(office)]


def stored(office: Office, content: bytes = b"", name: str = "kleid.png", actor: str = ANNA, said: str = "") -> int:
    with writing(office.runtime.sessions) as session:
        return attachments.store(session, content or png(), name, said, actor, office.clock()).id


def answered(office: Office, text: str, ids: Sequence[int], key: str = "k1", **more: Any) -> list[OutboxItem]:
    """As the composer does it."""
    with writing(office.runtime.sessions) as session:
        draft = replies.Draft(text, "private", key, ANNA, attachment_ids=ids, **more)
        number, now = office.conversation.id, office.clock()
        return replies.reply_in_parts(session, office.runtime, number, draft, Way.DIRECT_MESSAGE, now)


def replied(office: Office, text: str, ids: Sequence[int], key: str = "k1", visibility: str = "private") -> OutboxItem:
    """As a program does it."""
    with writing(office.runtime.sessions) as session:
        draft = replies.Draft(text, visibility, key, ANNA, attachment_ids=ids)
        return replies.reply(session, office.runtime, office.conversation.id, draft, office.clock())


def test_a_picture_is_kept_without_what_its_camera_wrote(office: Office) -> None:
    known = stored(office, jpeg(notes=True), "../../IMG 2026 <b>.jpeg", said="  Das Kleid ")
    (row,) = office.rows(Attachment)
    assert (row.id, row.name, row.content_type) == (known, "IMG 2026 _b_.jpg", "image/jpeg")
    assert (row.size, row.alternative_text) == (len(jpeg()), "Das Kleid")
    with reading(office.runtime.sessions) as session:
        content = session.get_one(Attachment, known).content
    assert content == jpeg()
    assert GPS not in content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "kind of file"),
        (b"<svg/>", "kind of file"),
        (b"PK\x03\x04", "kind of file"),
        (png()[:-20], "damaged"),
        (PDF + bytes(attachments.LARGEST), "too large"),
    ],
)
def test_what_no_platform_takes_is_refused_at_the_door(office: Office, content: bytes, words: str) -> None:
    with writing(office.runtime.sessions) as session, pytest.raises(Refusal, match=words) as refused:
        attachments.store(session, content, "x.png", "", ANNA, office.clock())
    assert refused.value.status == 422
    assert office.rows(Attachment) == []


def test_a_picture_is_uploaded_and_goes_out_once(asked: Office) -> None:
    known = stored(asked)
    item = replied(asked, "", [known])
    asked.work("dispatch")
    (sent,) = asked.box.sent
    assert [(file.content_type, file.name, file.platform_id) for file in sent.files] == [
        ("image/png", "kleid.png", "media-1")
    ]
    assert [file.content for file in asked.box.uploaded] == [png()]
    assert states(asked) == ["sent"]
    with reading(asked.runtime.sessions) as session:
        (view, _) = outbox_page(session).items
    assert [(file.id, file.name, file.kept) for file in view.attachments] == [(known, "kleid.png", True)]
    assert view.id == item.id


def test_the_composers_answer_goes_as_two_messages_in_order(asked: Office) -> None:
    words, picture = answered(asked, "Ja, so sieht es aus:", [stored(asked)])
    assert picture.follows_id == words.id
    asked.work("dispatch")
    assert [(reply.text, len(reply.files)) for reply in asked.box.sent] == [("Ja, so sieht es aus:", 0), ("", 1)]
    assert states(asked) == ["sent", "sent"]


def test_the_same_answer_twice_is_one_even_when_the_picture_was_uploaded_again(asked: Office) -> None:
    first = answered(asked, "Ja:", [stored(asked)])
    again = answered(asked, "Ja:", [stored(asked)])
    assert [item.id for item in again] == [item.id for item in first]
    with pytest.raises(Refusal, match="other attachments"):
        replied(asked, "", [stored(asked, png(7))], key="k1+1")


def test_the_picture_waits_while_the_words_are_in_doubt(asked: Office) -> None:
    answered(asked, "Ja:", [stored(asked)])
    asked.box.answers.append(OutcomeUnknown("cut"))
    asked.work("dispatch")
    assert states(asked) == ["unknown", "queued"]
    asked.box.found.append(Receipt("own-9"))
    asked.work()
    assert states(asked) == ["sent", "sent"]
    assert len(asked.box.sent) == 2


def test_the_picture_fails_with_its_words_and_follows_them_when_they_are_tried_again(asked: Office) -> None:
    words, _ = answered(asked, "Ja:", [stored(asked)])
    asked.box.answers.append(Refused("closed", reason=RefusalReason.WINDOW_CLOSED))
    asked.work("dispatch")
    assert states(asked) == ["failed", "failed"]
    assert (
        items(asked)[1].reason == "Not sent: the message it belongs to was not delivered. Try that one again; "
        "this one follows it."
    )
    with writing(asked.runtime.sessions) as session:
        outbox.retry(session, words.id, ANNA, asked.clock())
    asked.work("dispatch")
    assert states(asked) == ["sent", "sent"]


def test_withdrawing_the_words_withdraws_the_picture(asked: Office) -> None:
    words, _ = answered(asked, "Ja:", [stored(asked)])
    with writing(asked.runtime.sessions) as session:
        outbox.cancel(session, words.id, ANNA, asked.clock())
    asked.work("dispatch")
    assert states(asked) == ["cancelled", "cancelled"]
    assert asked.box.sent == []


def test_trouble_while_uploading_leaves_no_doubt_and_is_tried_again(asked: Office) -> None:
    replied(asked, "", [stored(asked)])
    asked.box.uploads += [Unavailable("down"), RateLimited("slow", until=asked.clock() + timedelta(seconds=30))]
    asked.live(60)
    assert states(asked) == ["sent"]
    assert len(asked.box.uploaded) == 3
    assert len(asked.box.sent) == 1


def test_what_the_platform_refuses_to_take_fails_with_what_to_do(asked: Office) -> None:
    replied(asked, "", [stored(asked)])
    asked.box.uploads.append(Refused("broken", reason=RefusalReason.ATTACHMENT_REFUSED))
    asked.work("dispatch")
    assert states(asked) == ["failed"]
    assert "does not take this attachment" in items(asked)[0].reason
    assert asked.box.sent == []


def test_what_the_platform_holds_from_the_attempt_before_is_not_brought_again(asked: Office) -> None:
    replied(asked, "", [stored(asked)])
    asked.box.answers.append(Unavailable("down"))
    asked.live(20)
    assert states(asked) == ["sent"]
    assert [reply.files[0].platform_id for reply in asked.box.sent] == ["media-1", "media-1"]
    assert len(asked.box.uploaded) == 1
    assert [row.count for row in asked.rows(AccountUsage, resource="calls")]


def test_a_process_that_dies_while_uploading_has_sent_nothing(asked: Office) -> None:
    replied(asked, "", [stored(asked)])

    class Cut(BaseException):
        """The power fails."""

    def cut() -> None:
        raise Cut

    asked.box.during_upload = cut
    with pytest.raises(Cut):
        asked.work("dispatch")
    assert states(asked) == ["sending"]
    asked.box.during_upload = lambda: None
    asked.live(300, step=30)
    assert states(asked) == ["sent"]
    assert len(asked.box.sent) == 1
    assert asked.box.asked.count("find_own") == 0, "nothing had left: there is nothing to look for"


def test_an_upload_that_outlives_its_claim_is_not_sent_twice(asked: Office) -> None:
    replied(asked, "", [stored(asked)])

    def somebody_else_takes_over() -> None:
        asked.box.during_upload = lambda: None
        asked.clock.advance(minutes=5)
        asked.work("reconcile", "dispatch")

    asked.box.during_upload = somebody_else_takes_over
    asked.work("dispatch")
    assert states(asked) == ["sent"]
    assert len(asked.box.sent) == 1


def test_an_account_stopped_while_files_are_uploaded_says_nothing(asked: Office) -> None:
    replied(asked, "", [stored(asked)])

    def stop() -> None:
        with writing(asked.runtime.sessions) as session:
            accounts.pause(session, asked.account.id, "anna@shop.example", asked.clock())

    asked.box.during_upload = stop
    asked.live(60)
    assert (states(asked), asked.box.sent) == (["queued"], [])
    with writing(asked.runtime.sessions) as session:
        accounts.resume(session, asked.account.id, "anna@shop.example", asked.clock())
    asked.box.during_upload = lambda: None
    asked.work()
    assert states(asked) == ["sent"]


def test_a_lost_answer_is_settled_by_the_echo_with_a_picture_and_by_no_other(asked: Office) -> None:
    replied(asked, "", [stored(asked)])
    asked.box.answers.append(OutcomeUnknown("cut"))
    asked.work("dispatch")
    own: dict[str, Any] = {"own": True, "author": Author("shop")}
    asked.box.pages["messages"].append(Page({"at": 2}, messages=(asked.letter("", external_id="empty", **own),)))
    asked.clock.advance(seconds=11)
    asked.work("poll")
    assert states(asked) == ["unknown"]
    picture = asked.letter("", external_id="picture", attachments=(Shown("image"),), **own)
    asked.box.pages["messages"].append(Page({"at": 3}, messages=(picture,)))
    asked.clock.advance(seconds=11)
    asked.work("poll")
    assert [(item.state, item.external_id) for item in items(asked)] == [("sent", "picture")]


@pytest.mark.parametrize(
    ("text", "content", "visibility", "words", "kinds"),
    [
        ("Dazu ein Text", png(), "private", "two messages", ["direct_message", "direct_message"]),
        ("", PDF, "private", "takes PNG, JPEG here", []),
        ("", png() + bytes(2000), "private", "takes", []),
    ],
)
def test_what_the_platform_would_refuse_is_refused_first_with_what_else_is_open(
    asked: Office, text: str, content: bytes, visibility: str, words: str, kinds: list[str]
) -> None:
    if content.endswith(bytes(2000)):
        content = jpeg() + bytes(2000)
        words = "too large"
    known = stored(asked, content, "x")
    with pytest.raises(Refusal, match=words) as refused:
        replied(asked, text, [known], visibility=visibility)
    assert refused.value.status == 422
    assert [one["kind"] for one in refused.value.alternatives] == kinds
    asked.work("dispatch")
    assert items(asked) == []
    assert asked.box.uploaded == []


def test_too_many_at_once_is_refused(asked: Office) -> None:
    with pytest.raises(Refusal, match="at most 1"):
        replied(asked, "", [stored(asked), stored(asked)])


def test_only_what_is_mine_and_unused_can_be_sent(asked: Office) -> None:
    foreign, mine = stored(asked, actor="ben@shop.example"), stored(asked)
    with pytest.raises(Refusal, match="of yours"):
        replied(asked, "", [foreign])
    with pytest.raises(Refusal, match="of yours"):
        replied(asked, "", [999])
    replied(asked, "", [mine])
    with pytest.raises(Refusal, match="another reply"):
        replied(asked, "", [mine], key="k2")
    with pytest.raises(Refusal, match="needs a text"):
        replied(asked, "", [], key="k3")


# -- where the platform fetches --------------------------------------------------------------------------------------


@pytest.fixture
def commented(office: Office) -> Office:
    """A public comment; the postbox fetches pictures for public replies."""
    office.arrive(office.comment("Gibt es das Kleid in Blau?"), stream="comments")
    return office


def test_a_platform_cannot_fetch_from_a_loopback_address(commented: Office) -> None:
    with pytest.raises(Refusal, match="public_url") as refused:
        replied(commented, "Ja:", [stored(commented)], visibility="public")
    assert {"kind": "public_reply", "reason": "Send the text without the attachment."} in refused.value.alternatives


@pytest.fixture
def reachable(database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox) -> Office:
    """The same, with an address that can be reached from outside."""
    office = Office(
        database_url, tmp_path, clock, box, connected_at=clock() - timedelta(hours=1),
        public_url="https://inbox.shop.example",
    )  # fmt: skip
    office.work()
    office.arrive(office.comment("Gibt es das Kleid in Blau?"), stream="comments")
    return office


def test_what_is_fetched_is_there_only_while_it_is_being_sent(reachable: Office) -> None:
    replied(reachable, "Ja:", [stored(reachable)], visibility="public")
    seen: list[bytes] = []

    def fetched(token: str) -> bytes:
        with reading(reachable.runtime.sessions) as session:
            return attachments.fetched(session, token, reachable.clock()).content

    def token() -> str:
        address = str(reachable.box.sent[-1].files[0].fetch_url)
        assert address.startswith("https://inbox.shop.example/attachments/")
        return address.rpartition("/")[2]

    reachable.box.during_send = lambda: seen.append(fetched(token()))
    reachable.work("dispatch")
    assert seen == [png()]
    assert states(reachable) == ["sent"]
    assert len(token()) >= 40
    with pytest.raises(NotThere):
        fetched(token())
    with pytest.raises(NotThere):
        fetched("")
    reachable.close()


def test_the_address_dies_with_time_also_where_the_outcome_is_unknown(reachable: Office) -> None:
    replied(reachable, "Ja:", [stored(reachable)], visibility="public")
    reachable.box.answers.append(OutcomeUnknown("cut"))
    reachable.work("dispatch")
    token = str(reachable.box.sent[0].files[0].fetch_url).rpartition("/")[2]
    with reading(reachable.runtime.sessions) as session:
        assert attachments.fetched(session, token, reachable.clock()).content == png()
        with pytest.raises(NotThere):
            attachments.fetched(session, token, reachable.clock() + timedelta(minutes=6))
    reachable.close()


# -- kept, forgotten, erased -----------------------------------------------------------------------------------------


def retire(office: Office) -> None:
    while retention.retire_one(office.runtime):
        pass


def test_what_nobody_sent_goes_after_a_day_and_what_was_sent_loses_its_bytes_later(asked: Office) -> None:
    sent = stored(asked)
    replied(asked, "", [sent])
    asked.work("dispatch")
    stored(asked)
    retire(asked)
    assert len(asked.rows(Attachment)) == 2
    asked.clock.advance(hours=25)
    retire(asked)
    (row,) = asked.rows(Attachment)
    assert row.id == sent
    asked.clock.advance(days=90)
    retire(asked)
    with reading(asked.runtime.sessions) as session:
        kept = session.get_one(Attachment, sent)
        assert (kept.content, kept.name) == (None, "kleid.png")
        with pytest.raises(NotThere):
            attachments.read(session, asked.conversation.id, sent)


def test_a_waiting_reply_keeps_its_files_however_long_it_waits(asked: Office) -> None:
    known = stored(asked)
    item = replied(asked, "", [known])
    with writing(asked.runtime.sessions) as session:
        session.get_one(OutboxItem, item.id).needs_approval = True
    asked.clock.advance(days=200)
    retire(asked)
    with reading(asked.runtime.sessions) as session:
        assert session.get_one(Attachment, known).content == png()


def test_a_failed_reply_whose_files_are_gone_says_so_when_it_is_tried_again(asked: Office) -> None:
    item = replied(asked, "", [stored(asked)])
    asked.box.answers.append(Refused("no", reason=RefusalReason.INVALID))
    asked.work("dispatch")
    asked.clock.advance(days=200)
    retire(asked)
    with writing(asked.runtime.sessions) as session:
        outbox.retry(session, item.id, ANNA, asked.clock())
    asked.work("dispatch")
    assert states(asked) == ["failed"]
    assert "Upload it again" in items(asked)[0].reason
    assert len(asked.box.sent) == 1


def test_export_holds_the_files_and_erasure_takes_them(asked: Office) -> None:
    replied(asked, "", [stored(asked, jpeg(), "rechnung.jpg", said="Ihre Rechnung")])
    asked.work("dispatch")
    (person,) = asked.rows(Contact)
    with writing(asked.runtime.sessions) as session:
        (file,) = contacts.export(session, person.id)["attachments"]
        assert (file["name"], file["alternative_text"]) == ("rechnung.jpg", "Ihre Rechnung")
        assert file["content_base64"]
        contacts.erase(session, person.id, ANNA, asked.clock())
    with reading(asked.runtime.sessions) as session:
        (row,) = session.query(Attachment).all()
        assert (row.content, row.name, row.alternative_text, row.digest) == (None, "", "", "")


def test_an_old_conversation_goes_with_its_files(asked: Office) -> None:
    answered(asked, "Ja:", [stored(asked)])
    asked.work()
    asked.clock.advance(days=400)
    with writing(asked.runtime.sessions) as session:
        assert retention.remove_conversations(session, asked.clock() - timedelta(days=30), asked.clock()) == 1
    assert asked.rows(Attachment) == []
    assert items(asked) == []
