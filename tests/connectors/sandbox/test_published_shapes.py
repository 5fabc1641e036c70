"""Our answers against what the platforms publish: X's OpenAPI document and Meta's generated field lists.

Needs the folder of recorded payloads in ZURUF_RECORDED; skipped without it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
import tweepy

from connectors.sandbox import Sandbox
from connectors.sandbox.published_fields import CREATE_TWEET, DM_FIELDS, MEDIA_FIELDS, TWEET_FIELDS, USER_FIELDS
from tests.connectors.sandbox.conftest import Graph

RECORDED = os.environ.get("ZURUF_RECORDED")
pytestmark = pytest.mark.skipif(not RECORDED, reason="ZURUF_RECORDED names no folder of recorded payloads")


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    document = Path(str(RECORDED)) / "twitter/xdevplatform-docs/openapi-2.166.json"
    loaded: dict[str, Any] = json.loads(document.read_text())
    return loaded


def conforms(published: dict[str, Any], path: str, response: requests.Response) -> None:
    """The body fits the schema the document names for this path's success."""
    operation = published["paths"][path][str(response.request.method).lower()]
    schema = operation["responses"][str(response.status_code)]["content"]["application/json"]["schema"]
    jsonschema.validate(response.json(), {**schema, "components": published["components"]})


def lists_of(published: dict[str, Any], parameter: str) -> set[str]:
    names: set[str] = set(published["components"]["parameters"][parameter]["schema"]["items"]["enum"])
    return names


def test_the_field_lists_of_x_are_the_published_ones(published: dict[str, Any]) -> None:
    assert lists_of(published, "TweetFieldsParameter") == TWEET_FIELDS
    assert lists_of(published, "UserFieldsParameter") == USER_FIELDS
    assert lists_of(published, "DmEventFieldsParameter") == DM_FIELDS
    assert lists_of(published, "MediaFieldsParameter") == MEDIA_FIELDS
    assert set(published["components"]["schemas"]["TweetCreateRequest"]["properties"]) == CREATE_TWEET


def test_what_x_answers_fits_its_openapi_document(
    sandbox: Sandbox, x: tweepy.Client, published: dict[str, Any]
) -> None:
    world = sandbox.world.twitter
    post = world.post("Neu auf https://example.com/topf")
    world.reply(post, "Anna", "Topf & Deckel " * 30)
    mention = world.mention("Sepp", "Hilfe", photo=True)
    world.direct_message("Anna", "Hallo")
    client = tweepy.Client(**sandbox.login("twitter").credentials, return_type=requests.Response)
    client.session = x.session
    everything = {
        "tweet_fields": ["author_id", "conversation_id", "created_at", "entities", "in_reply_to_user_id", "lang",
                         "note_tweet", "referenced_tweets", "attachments", "reply_settings"],
        "user_fields": ["public_metrics", "created_at", "protected", "verified"],
        "media_fields": ["url", "width", "height"],
        "expansions": ["author_id", "referenced_tweets.id", "attachments.media_keys", "entities.mentions.username"],
    }  # fmt: skip
    own = world.account_id
    conforms(published, "/2/users/{id}/mentions", client.get_users_mentions(own, user_auth=True, **everything))
    conforms(published, "/2/users/{id}/tweets", client.get_users_tweets(own, user_auth=True, **everything))
    conforms(published, "/2/tweets/search/recent", client.search_recent_tweets("Hilfe", user_auth=True, **everything))
    conforms(published, "/2/tweets", client.get_tweets([mention, "17"], user_auth=True, **everything))
    conforms(published, "/2/users/me", client.get_me())
    events = client.get_direct_message_events(
        dm_event_fields=["sender_id", "created_at", "dm_conversation_id"], expansions=["sender_id"]
    )
    conforms(published, "/2/dm_events", events)
    conforms(published, "/2/tweets", client.create_tweet(text="Servus", in_reply_to_tweet_id=mention))
    conforms(published, "/2/tweets/{tweet_id}/hidden", client.hide_reply(world.reply(post, "Ida", "Spam")))
    anna = sandbox.scene.people.person("Anna").twitter_id
    sent = client.create_direct_message(participant_id=anna, text="Guten Tag")
    conforms(published, "/2/dm_conversations/with/{participant_id}/messages", sent)


@pytest.mark.parametrize(
    ("folder", "name", "kind"),
    [("facebook", "Comment", "comment"), ("facebook", "PagePost", "post"), ("facebook", "UnifiedThread", "thread"),
     ("instagram", "IGComment", "ig_comment"), ("instagram", "IGMedia", "ig_media")],
)  # fmt: skip
def test_every_published_field_of_meta_may_be_asked_for(
    sandbox: Sandbox, page: Graph, folder: str, name: str, kind: str
) -> None:
    specification = json.loads((Path(str(RECORDED)) / folder / "meta-codegen-specs" / f"{name}.json").read_text())
    facebook, instagram = sandbox.world.facebook, sandbox.world.instagram
    post, media = facebook.post("x"), instagram.media("y")
    message = facebook.message("Anna", "Hallo")
    nodes = {
        "comment": facebook.comment(post, "Anna", "a", photo=True),
        "post": post,
        "thread": facebook.threads.messages[message].thread.id,
        "ig_comment": instagram.comment(media, "Anna", "b"),
        "ig_media": media,
    }
    refused = [
        field["name"]
        for field in specification["fields"]
        if page.get(f"/{nodes[kind]}", fields=field["name"]).status_code != 200
    ]
    assert refused == []
