"""What leaves for Facebook and Instagram, byte for byte, and what is never sent."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.base import OutcomeUnknown, RefusalReason, Refused, Way
from connectors.graph import proof
from tests.connectors.meta_account import BASE, NOW, PAGE, SECRET, TOKEN, error, facebook, graph_time, instagram, reply


def form_of(call: responses.Call) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(str(call.request.body)).items()}


def query_of(call: responses.Call) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(str(call.request.url)).query).items()}


@responses.activate
def test_a_public_reply_stands_under_the_root() -> None:
    responses.post(f"{BASE}/69_75/comments", json={"id": "69_99"})
    receipt = facebook().send(reply(target_id="69_80"), NOW)
    (call,) = responses.calls
    assert form_of(call) == {"message": "Guten Tag!", "access_token": TOKEN}
    assert query_of(call) == {"appsecret_proof": proof(TOKEN, SECRET)}
    assert (receipt.external_id, receipt.conversation_id) == ("69_99", "69_75")


@responses.activate
@pytest.mark.parametrize("spelling", ["99", "69_99", f"{PAGE}_69_99"])
def test_both_spellings_of_an_answer_are_one(spelling: str) -> None:
    responses.post(f"{BASE}/69_75/comments", json={"id": spelling})
    assert facebook().send(reply(), NOW).external_id == "69_99"


@responses.activate
def test_an_answer_that_names_the_target_means_that_it_was_changed() -> None:
    responses.post(f"{BASE}/69_75/comments", json={"id": "75"})
    with pytest.raises(OutcomeUnknown):
        facebook().send(reply(), NOW)


@responses.activate
def test_a_direct_message_carries_marker_and_type() -> None:
    responses.post(f"{BASE}/{PAGE}/messages", json={"recipient_id": "4711", "message_id": "m_1"})
    receipt = facebook().send(reply(Way.DIRECT_MESSAGE, conversation_id="4711"), NOW)
    form = form_of(responses.calls[0])
    assert json.loads(form["recipient"]) == {"id": "4711"}
    assert json.loads(form["message"]) == {"text": "Guten Tag!", "metadata": "marker-1"}
    assert form["messaging_type"] == "RESPONSE"
    assert "tag" not in form
    assert receipt.conversation_id == "4711"


@responses.activate
@pytest.mark.parametrize("account", [facebook, instagram])
def test_a_human_agent_tag_only_on_what_a_human_wrote(account: Any) -> None:
    responses.post(f"{BASE}/{PAGE}/messages", json={"recipient_id": "4711", "message_id": "m_1"})
    account().send(reply(Way.DIRECT_MESSAGE, outside_window=True), NOW)
    form = form_of(responses.calls[0])
    assert (form["messaging_type"], form["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    with pytest.raises(Refused) as caught:
        account().send(reply(Way.DIRECT_MESSAGE, outside_window=True, written_by_human=False), NOW)
    assert caught.value.reason is RefusalReason.WINDOW_CLOSED
    assert len(responses.calls) == 1


@responses.activate
def test_private_replies_name_the_comment_in_full_or_the_visitors_post() -> None:
    responses.post(f"{BASE}/{PAGE}/messages", json={"recipient_id": "4711", "message_id": "m_1"})
    facebook().send(reply(Way.PRIVATE_REPLY, target_id="69_80"), NOW)
    visitor = f"{PAGE}_70"
    facebook().send(reply(Way.PRIVATE_REPLY, target_id=visitor, conversation_id=visitor), NOW)
    recipients = [json.loads(form_of(call)["recipient"]) for call in responses.calls]
    assert recipients == [{"comment_id": "69_80"}, {"post_id": visitor}]


@responses.activate
@pytest.mark.parametrize(
    ("account", "way", "text"),
    [
        (facebook, Way.DIRECT_MESSAGE, "x" * 2000),
        (facebook, Way.PUBLIC_REPLY, "x" * 8001),
        (instagram, Way.DIRECT_MESSAGE, "ä" * 501),
        (instagram, Way.PUBLIC_REPLY, "x" * 2201),
    ],
)
def test_a_text_too_long_never_leaves(account: Any, way: Way, text: str) -> None:
    with pytest.raises(Refused) as caught:
        account().send(reply(way, text), NOW)
    assert caught.value.reason is RefusalReason.TOO_LONG
    assert len(responses.calls) == 0


@responses.activate
def test_the_link_that_opens_a_message_is_added_once() -> None:
    responses.post(f"{BASE}/69_75/comments", json={"id": "69_99"})
    facebook().send(reply(Way.PUBLIC_REPLY_WITH_LINK, "Schreiben Sie uns:"), NOW)
    facebook().send(reply(Way.PUBLIC_REPLY_WITH_LINK, f"Hier: https://m.me/{PAGE}"), NOW)
    texts = [form_of(call)["message"] for call in responses.calls]
    assert texts == [f"Schreiben Sie uns: https://m.me/{PAGE}", f"Hier: https://m.me/{PAGE}"]


@responses.activate
def test_a_duplicate_that_stands_already_is_found() -> None:
    responses.post(f"{BASE}/69_75/comments", json=error(506), status=400)
    own = {"id": "69_99", "message": "Guten Tag!", "from": {"id": PAGE}, "created_time": graph_time(NOW)}
    responses.get(f"{BASE}/69_75/comments", json={"data": [own]})
    assert facebook().send(reply(), NOW).external_id == "69_99"
    with pytest.raises(Refused) as caught:
        facebook().send(reply(known_own_ids=frozenset({"69_99"})), NOW)
    assert caught.value.reason is RefusalReason.DUPLICATE


@responses.activate
@pytest.mark.parametrize(
    "change",
    [
        {"message": "Guten Abend!"},
        {"from": {"id": "4711"}},
        {"created_time": "2026-11-09T08:00:00+0000"},
        {"id": "69_98"},
    ],
)
def test_reading_back_takes_nothing_that_is_not_ours(change: dict[str, Any]) -> None:
    own = {"id": "69_99", "message": "Guten Tag!", "from": {"id": PAGE}, "created_time": graph_time(NOW)}
    responses.get(f"{BASE}/69_75/comments", json={"data": [own | change]})
    assert facebook().find_own(reply(known_own_ids=frozenset({"69_98"})), NOW) is None


@responses.activate
def test_reading_back_a_private_reply_does_not_take_another_persons() -> None:
    def thread(person: str) -> dict[str, Any]:
        said = {"id": f"m_{person}", "message": "Guten Tag!", "from": {"id": PAGE}, "created_time": graph_time(NOW)}
        people = {"data": [{"id": person}, {"id": PAGE}]}
        return {
            "id": f"t_{person}",
            "updated_time": graph_time(NOW),
            "participants": people,
            "messages": {"data": [said]},
        }

    responses.get(f"{BASE}/{PAGE}/conversations", json={"data": [thread("1"), thread("2")]})
    responses.get(f"{BASE}/69_75", json={"id": "69_75"})
    found = facebook().find_own(reply(Way.PRIVATE_REPLY, recipient_id="2"), NOW)
    assert found is not None
    assert found.external_id == "m_2"
    assert facebook().find_own(reply(Way.PRIVATE_REPLY, recipient_id="3"), NOW) is None
    assert facebook().find_own(reply(Way.PRIVATE_REPLY, recipient_id=None), NOW) is None


@responses.activate
def test_a_visitors_post_is_not_asked_for_the_thread_only_comments_name() -> None:
    responses.get(f"{BASE}/{PAGE}/conversations", json={"data": []})
    to_a_post = reply(Way.PRIVATE_REPLY, target_id="2_8", conversation_id="2_8", subject_id="2_8", recipient_id="4711")
    assert facebook().find_own(to_a_post, NOW) is None
    assert [urlsplit(str(call.request.url)).path for call in responses.calls] == [f"/v26.0/{PAGE}/conversations"]


@responses.activate
def test_instagram_answers_comments_mentions_and_messages_where_each_login_must() -> None:
    own = "17841400000000001"
    responses.post(f"{BASE}/1780/replies", json={"id": "1781"})
    responses.post(f"{BASE}/{own}/mentions", json={"id": "1782"})
    responses.post(f"{BASE}/{PAGE}/messages", json={"recipient_id": "4711", "message_id": "a"})
    responses.post(f"{BASE}/{own}/messages", json={"recipient_id": "4711", "message_id": "b"})
    instagram().send(reply(conversation_id="1780", target_id="1790"), NOW)
    instagram().send(reply(conversation_id="mention_18_19", target_id="19"), NOW)
    instagram().send(reply(Way.DIRECT_MESSAGE), NOW)
    instagram("instagram").send(reply(Way.PRIVATE_REPLY, target_id="1780"), NOW)
    forms = [form_of(call) for call in responses.calls]
    assert forms[1] == {"media_id": "18", "comment_id": "19", "message": "Guten Tag!", "access_token": TOKEN}
    assert json.loads(forms[2]["message"]) == {"text": "Guten Tag!"}
    assert "messaging_type" not in forms[2]
    assert json.loads(forms[3]["recipient"]) == {"comment_id": "1780"}


@responses.activate
def test_hiding_is_spelled_as_each_platform_wants_it() -> None:
    responses.post(f"{BASE}/69_75", json={"success": True})
    responses.post(f"{BASE}/1780", json={"success": True})
    facebook().hide("69_75", True, NOW)
    instagram().hide("1780", False, NOW)
    assert form_of(responses.calls[0])["is_hidden"] == "true"
    assert form_of(responses.calls[1])["hide"] == "false"
