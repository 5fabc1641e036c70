"""What X takes and refuses."""

from __future__ import annotations

import pytest
import tweepy

from connectors.sandbox import Sandbox
from connectors.sandbox.weight import weighted_length
from tests.stepped_clock import SteppedClock


def test_a_summoned_reply_goes_out_and_carries_the_handles(sandbox: Sandbox, x: tweepy.Client) -> None:
    world = sandbox.world.twitter
    mention = world.mention("Anna", "Hilfe")
    answer = x.create_tweet(text="Wir schauen nach.", in_reply_to_tweet_id=mention)
    row = sandbox.journal[0]
    assert (row["action"], row["target"], row["text"]) == ("public_reply", mention, "Wir schauen nach.")
    assert answer.data["id"] == row["external_id"]
    handle = sandbox.scene.people.person("Anna").handle
    assert answer.data["text"] == f"@{handle} Wir schauen nach."
    assert world.tweets[row["external_id"]].conversation_id == mention


def test_without_a_summons_a_reply_is_refused(sandbox: Sandbox, x: tweepy.Client) -> None:
    world = sandbox.world.twitter
    own = world.post("Neu")
    dropped = world.reply(own, "Anna", "so ein Mist", drop_mention=True)
    for target in (dropped, own, world.public_post("Sepp", "egal")):
        with pytest.raises(tweepy.Forbidden) as refusal:
            x.create_tweet(text="Oje", in_reply_to_tweet_id=target)
        assert "have not been mentioned or otherwise engaged" in refusal.value.response.json()["detail"]
    quoted = world.quote(own, "Anna", "schaut euch das an")
    assert x.create_tweet(text="Gern", in_reply_to_tweet_id=quoted).data["id"]
    world.enterprise = True
    assert x.create_tweet(text="Oje", in_reply_to_tweet_id=dropped).data["id"]
    assert [row["action"] for row in sandbox.journal] == ["public_reply", "public_reply"]
    assert len(sandbox.refused) == 3


def test_the_same_words_are_refused_for_a_day(sandbox: Sandbox, x: tweepy.Client, clock: SteppedClock) -> None:
    mention, other = (sandbox.world.twitter.mention("Anna", words) for words in ("eins", "zwei"))
    x.create_tweet(text="Danke!", in_reply_to_tweet_id=mention)
    x.create_tweet(text="Danke!", in_reply_to_tweet_id=other)
    with pytest.raises(tweepy.Forbidden) as refusal:
        x.create_tweet(text="Danke!", in_reply_to_tweet_id=mention)
    assert "duplicate content" in refusal.value.response.json()["detail"]
    clock.advance(hours=25)
    assert x.create_tweet(text="Danke!", in_reply_to_tweet_id=mention).data["id"]


def test_length_is_weighted(sandbox: Sandbox, x: tweepy.Client) -> None:
    mention = sandbox.world.twitter.mention("Anna", "x")
    assert x.create_tweet(text="ä" * 256 + " https://example.com/" + "a" * 90, in_reply_to_tweet_id=mention).data["id"]
    with pytest.raises(tweepy.Forbidden):
        x.create_tweet(text="€" * 141, in_reply_to_tweet_id=mention)


@pytest.mark.parametrize(
    ("text", "length"),
    [("äöüß", 4), ("…€", 4), ("„–“", 3), ("test.de und shop.at", 51), ("Hello, world! 👋", 16), ("👩‍👩‍👧‍👦🇦🇹", 4)],
)
def test_weights_follow_the_published_configuration(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_direct_messages_only_after_the_person_wrote(sandbox: Sandbox, x: tweepy.Client) -> None:
    world = sandbox.world.twitter
    anna = sandbox.scene.people.person("Anna")
    with pytest.raises(tweepy.Forbidden):
        x.create_direct_message(participant_id=anna.twitter_id, text="Guten Tag")
    world.direct_message(anna, "Hallo")
    sent = x.create_direct_message(participant_id=anna.twitter_id, text="Guten Tag")
    assert sent.data["dm_conversation_id"] == world.direct_conversation(anna)
    again = x.create_direct_message(dm_conversation_id=sent.data["dm_conversation_id"], text="Noch was")
    assert [row["external_id"] for row in sandbox.journal] == [sent.data["dm_event_id"], again.data["dm_event_id"]]
    with pytest.raises(tweepy.BadRequest):
        x.create_direct_message(participant_id=anna.twitter_id, text="")


def test_only_replies_in_own_conversations_can_be_hidden(sandbox: Sandbox, x: tweepy.Client) -> None:
    world = sandbox.world.twitter
    reply = world.reply(world.post("Neu"), "Anna", "Spam")
    foreign = world.mention("Sepp", "Spam")
    assert x.hide_reply(reply).data == {"hidden": True}
    assert x.unhide_reply(reply).data == {"hidden": False}
    with pytest.raises(tweepy.Forbidden):
        x.hide_reply(foreign)
    assert [row["action"] for row in sandbox.journal] == ["hide", "unhide"]


def test_likes_are_gone_from_the_ordinary_tiers(sandbox: Sandbox, x: tweepy.Client) -> None:
    mention = sandbox.world.twitter.mention("Anna", "x")
    with pytest.raises(tweepy.Forbidden):
        x.like(mention)


def test_unknown_properties_of_a_post_are_refused(sandbox: Sandbox, x: tweepy.Client) -> None:
    with pytest.raises(tweepy.BadRequest):
        x.request("POST", "/2/tweets", json={"text": "x", "shoe_size": 38}, user_auth=True)
    assert sandbox.journal == []


def test_deleting_takes_a_post_out_of_every_list(sandbox: Sandbox, x: tweepy.Client) -> None:
    post = x.create_tweet(text="Nur kurz").data["id"]
    assert x.delete_tweet(post).data == {"deleted": True}
    assert x.search_recent_tweets("from:glueckspilz_at", user_auth=True).data is None
    assert [row["action"] for row in sandbox.journal] == ["post", "delete"]


def test_groups_keep_their_own_conversation(sandbox: Sandbox, x: tweepy.Client) -> None:
    world = sandbox.world.twitter
    group = world.conversation_of(world.group_message("Anna", "Hallo Gruppe"))
    world.group_message("Sepp", "Servus", group=group)
    sent = x.create_direct_message(dm_conversation_id=group, text="Grüß euch")
    assert sent.data["dm_conversation_id"] == group
    listed = x.get_direct_message_events(dm_conversation_id=group, dm_event_fields=["sender_id"])
    assert [event.text for event in listed.data] == ["Grüß euch", "Servus", "Hallo Gruppe"]
    with pytest.raises(tweepy.Forbidden):
        x.create_direct_message(participant_id=sandbox.scene.people.person("Anna").twitter_id, text="allein?")
