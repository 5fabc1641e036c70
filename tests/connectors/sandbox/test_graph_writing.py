"""What Facebook and Instagram take and refuse; the journal holds exactly what they took."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
import requests

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.conftest import Graph, error_of
from tests.stepped_clock import SteppedClock


def actions(sandbox: Sandbox) -> list[tuple[str, str, str | None]]:
    return [(row["platform"], row["action"], row["text"]) for row in sandbox.journal]


def test_a_public_reply_stands_under_the_comment_and_in_the_journal(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    post = world.post("x")
    comment = world.comment(post, "Anna", "Preis?")
    answer = page.post(f"/v26.0/{comment}/comments", message="59 Euro").json()
    reply = page.get(f"/{comment}/comments", fields="from,message").json()["data"][0]
    assert reply["id"] == answer["id"] != comment
    assert reply["from"]["id"] == world.page_id
    assert actions(sandbox) == [("facebook", "public_reply", "59 Euro")]
    row = sandbox.journal[0]
    assert (row["target"], row["external_id"], row["person"]) == (comment, answer["id"], "7700000000000001")


def test_forms_and_json_bodies_are_both_read(sandbox: Sandbox, page: Graph) -> None:
    sandbox.world.facebook.message("Anna", "Hallo")
    number = sandbox.scene.people.person("Anna").facebook_id
    form = {
        "access_token": page.token,
        "recipient": json.dumps({"id": number}),
        "messaging_type": "RESPONSE",
        "message": json.dumps({"text": "Grüß Gott 👋", "metadata": "marke-1"}),
    }
    sent = requests.post(f"{sandbox.origin}/v26.0/me/messages", data=form, timeout=5).json()
    assert sent["recipient_id"] == number
    assert sent["message_id"].startswith("m_")
    assert sandbox.journal[0]["metadata"] == "marke-1"


def test_a_private_reply_goes_out_once_within_seven_days(sandbox: Sandbox, page: Graph, clock: SteppedClock) -> None:
    world = sandbox.world.facebook
    post = world.post("x")
    comment = world.comment(post, "Anna", "Frechheit!")
    late = world.comment(post, "Sepp", "Auch.")
    url = f"/{world.page_id}/messages"
    assert error_of(page.post(url, recipient={"comment_id": comment.split("_")[1]}, message={"text": "a"})) == (
        100,
        2018292,
    )
    sent = page.post(url, recipient={"comment_id": comment}, message={"text": "Bitte um die Bestellnummer."})
    assert sent.status_code == 200
    assert error_of(page.post(url, recipient={"comment_id": comment}, message={"text": "b"}))[0] == 10900
    shown = page.get(f"/{comment}", fields="can_reply_privately,private_reply_conversation{id}").json()
    assert shown["can_reply_privately"] is False
    assert shown["private_reply_conversation"]["id"] == sandbox.journal[0]["conversation"]
    closed = page.post(url, recipient={"id": sent.json()["recipient_id"]}, message={"text": "Noch was"})
    assert error_of(closed) == (10, 2018278)
    clock.advance(days=7, seconds=1)
    assert error_of(page.post(url, recipient={"comment_id": late}, message={"text": "c"}))[0] == 10902
    assert actions(sandbox) == [("facebook", "private_reply", "Bitte um die Bestellnummer.")]
    assert len(sandbox.refused) == 4


def test_the_window_closes_after_a_day_and_a_human_has_seven(
    sandbox: Sandbox, page: Graph, clock: SteppedClock
) -> None:
    world = sandbox.world.facebook
    world.message("Anna", "Hallo")
    to = {"id": sandbox.scene.people.person("Anna").facebook_id}
    url = f"/{world.page_id}/messages"
    tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    clock.advance(hours=24)
    assert page.post(url, recipient=to, message={"text": "gerade noch"}).status_code == 200
    clock.advance(seconds=1)
    assert error_of(page.post(url, recipient=to, message={"text": "zu spät"})) == (10, 2018278)
    assert page.post(url, recipient=to, message={"text": "ein Mensch"}, **tagged).status_code == 200
    sandbox.graph.writes.send_api.human_agent_approved = False
    assert error_of(page.post(url, recipient=to, message={"text": "x"}, **tagged)) == (100, 2018276)
    sandbox.graph.writes.send_api.human_agent_approved = True
    dead = {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}
    assert error_of(page.post(url, recipient=to, message={"text": "x"}, **dead))[0] == 100
    clock.advance(days=6)
    assert error_of(page.post(url, recipient=to, message={"text": "x"}, **tagged)) == (10, 2018278)


def test_instagram_counts_bytes_and_names_its_own_window(sandbox: Sandbox, page: Graph, clock: SteppedClock) -> None:
    sandbox.world.instagram.message("Anna", "Hallo")
    to = {"id": sandbox.scene.people.person("Anna").instagram_id}
    url = f"/{sandbox.world.facebook.page_id}/messages"
    assert page.post(url, recipient=to, message={"text": "ü" * 500}).status_code == 200
    assert error_of(page.post(url, recipient=to, message={"text": "ü" * 500 + "x"}))[0] == 100
    assert (
        error_of(page.post(f"/{sandbox.world.instagram.account_id}/messages", recipient=to, message={"text": "x"}))[0]
        == 3
    )
    clock.advance(hours=25)
    assert error_of(page.post(url, recipient=to, message={"text": "x"})) == (10, 2534022)
    assert [row["platform"] for row in sandbox.journal] == ["instagram"]


@pytest.mark.parametrize(
    ("message", "code"),
    [({}, 100), ({"text": "x" * 2001}, 100), ({"text": "a", "attachment": {"type": "image"}}, 100),
     ({"attachment": {"type": "hologram"}}, 100), ({"text": "a", "metadata": "m" * 1000}, 100)],
)  # fmt: skip
def test_bad_messages_are_refused(sandbox: Sandbox, page: Graph, message: dict[str, object], code: int) -> None:
    sandbox.world.facebook.message("Anna", "Hallo")
    to = {"id": sandbox.scene.people.person("Anna").facebook_id}
    assert error_of(page.post("/me/messages", recipient=to, message=message))[0] == code
    assert sandbox.journal == []


def test_people_who_left_or_never_wrote_cannot_be_reached(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    anna = sandbox.scene.people.person("Anna")
    sent = page.post("/me/messages", recipient={"id": anna.facebook_id}, message={"text": "x"})
    assert error_of(sent) == (100, 2018001)
    world.message(anna, "Hallo")
    anna.unavailable = True
    sent = page.post("/me/messages", recipient={"id": anna.facebook_id}, message={"text": "x"})
    assert error_of(sent) == (551, 1545041)
    thread = world.threads.of(anna)
    assert thread is not None
    thread.owned_elsewhere = True
    anna.unavailable = False
    sent = page.post("/me/messages", recipient={"id": anna.facebook_id}, message={"text": "x"})
    assert error_of(sent) == (100, 2534037)


def test_posting_on_the_comment_itself_edits_and_only_own_words(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    comment = world.comment(world.post("x"), "Anna", "Preis?")
    assert error_of(page.post(f"/{comment}", message="untergeschoben"))[0] == 200
    own = page.post(f"/{comment}/comments", message="59 Euro").json()["id"]
    assert page.post(f"/{own}", message="49 Euro").json() == {"success": True}
    assert page.get(f"/{own}", fields="message").json()["message"] == "49 Euro"


def test_hiding_shows_in_the_list_on_both(sandbox: Sandbox, page: Graph) -> None:
    world, other = sandbox.world.facebook, sandbox.world.instagram
    comment = world.comment(world.post("x"), "Anna", "Spam")
    second = other.comment(other.media("y"), "Sepp", "Spam")
    assert page.post(f"/{comment}", is_hidden=True).json() == {"success": True}
    assert page.post(f"/{second}", hide="true").json() == {"success": True}
    assert page.get(f"/{comment}", fields="is_hidden").json()["is_hidden"] is True
    assert page.get(f"/{second}", fields="hidden").json()["hidden"] is True
    assert error_of(page.get(f"/{second}", fields="hide"))[0] == 100
    assert page.delete(f"/{second}").json() == {"success": True}
    assert error_of(page.get(f"/{second}")) == (100, 33)
    assert [row["action"] for row in sandbox.journal] == ["hide", "hide", "delete"]


def test_a_mention_is_answered_under_its_media(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.instagram
    comment = world.mention("Anna", "danke euch")
    media = world.comments[comment].media.id
    url = f"/{world.account_id}/mentions"
    answer = page.post(url, media_id=media, comment_id=comment, message="Gern!").json()
    assert world.comments[answer["id"]].parent is world.comments[comment]
    assert error_of(page.post(url, media_id="1", comment_id=comment, message="x")) == (100, 33)


def test_duplicates_are_refused_only_when_switched_on(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    comment = world.comment(world.post("x"), "Anna", "Preis?")
    for _ in range(2):
        assert page.post(f"/{comment}/comments", message="59 Euro").status_code == 200
    world.refuses_duplicates = True
    assert error_of(page.post(f"/{comment}/comments", message="59 Euro"))[0] == 506


def test_the_proof_is_checked_when_sent_and_asked_for_when_required(sandbox: Sandbox, page: Graph) -> None:
    proof = hmac.new(sandbox.tokens.app_secret.encode(), page.token.encode(), hashlib.sha256).hexdigest()
    assert page.get("/me", appsecret_proof=proof).status_code == 200
    assert error_of(page.get("/me", appsecret_proof="0" * 64))[0] == 100
    sandbox.tokens.require_proof = True
    assert error_of(page.get("/me"))[0] == 104
    assert page.get("/me", appsecret_proof=proof).status_code == 200


def test_tokens_that_are_missing_foreign_or_dead(sandbox: Sandbox, page: Graph) -> None:
    assert error_of(requests.get(f"{sandbox.origin}/me", timeout=5))[0] == 2500
    assert error_of(Graph(sandbox.origin, "EAAFAKEsomebodyelse").get("/me"))[0] == 190
    bearer = {"Authorization": f"Bearer {page.token}"}
    assert requests.get(f"{sandbox.origin}/me", headers=bearer, timeout=5).status_code == 200
    sandbox.tokens.revoke(page.token, 460)
    assert error_of(page.get("/me")) == (190, 460)
    sandbox.tokens.restore(page.token)
    assert page.get("/me").status_code == 200


def test_a_missing_permission_is_refused_where_it_is_needed(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    comment = world.comment(world.post("x"), "Anna", "Preis?")
    token = sandbox.tokens.find(page.token)
    assert token is not None
    for scope in ("pages_messaging", "pages_manage_engagement", "pages_read_user_content"):
        token.scopes.remove(scope)
    assert error_of(page.get(f"/{world.page_id}/conversations"))[0] == 200
    assert error_of(page.post(f"/{comment}/comments", message="x"))[0] == 200
    assert "from" not in page.get(f"/{comment}", fields="from,message").json()
    assert page.get(f"/{world.page_id}/conversations", platform="instagram").status_code == 200
