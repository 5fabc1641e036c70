"""What X shows: newest first, no `data` when empty, since_id and times, expansions with gaps, direct messages."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests
import tweepy

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.conftest import redirected
from tests.stepped_clock import SteppedClock


def mentions(x: tweepy.Client, sandbox: Sandbox, **query: object) -> tweepy.Response:
    return x.get_users_mentions(sandbox.world.twitter.account_id, user_auth=True, **query)


def problem_of(refusal: tweepy.HTTPException) -> dict[str, object]:
    body: dict[str, object] = refusal.response.json()
    return body


def test_an_empty_list_has_no_data(sandbox: Sandbox, x: tweepy.Client) -> None:
    answer = mentions(x, sandbox)
    assert answer.data is None
    assert answer.meta == {"result_count": 0}


def test_mentions_come_newest_first_and_page_without_holes(
    sandbox: Sandbox, x: tweepy.Client, clock: SteppedClock
) -> None:
    ids = []
    for n in range(13):
        ids.append(sandbox.world.twitter.mention("Anna", f"Nr. {n}"))
        clock.advance(seconds=5)
    sandbox.world.twitter.public_post("Sepp", "nicht an uns")
    sandbox.world.twitter.post("von uns")
    seen: list[str] = []
    token = None
    while True:
        answer = mentions(x, sandbox, max_results=5, pagination_token=token)
        seen += [str(tweet.id) for tweet in answer.data or []]
        token = answer.meta.get("next_token")
        if token is None:
            break
    assert seen == list(reversed(ids))
    newer = mentions(x, sandbox, since_id=ids[9], max_results=5)
    assert [str(tweet.id) for tweet in newer.data] == list(reversed(ids[10:]))
    assert newer.meta["newest_id"] == ids[-1]
    older = mentions(x, sandbox, until_id=ids[2], max_results=5)
    assert [str(tweet.id) for tweet in older.data] == [ids[1], ids[0]]


def test_only_the_800_newest_mentions_can_be_reached(sandbox: Sandbox, x: tweepy.Client) -> None:
    ids = [sandbox.world.twitter.mention("Anna", f"Nr. {n}") for n in range(810)]
    seen = 0
    token = None
    for _ in range(9):
        answer = mentions(x, sandbox, max_results=100, pagination_token=token)
        seen += len(answer.data or [])
        token = answer.meta.get("next_token")
    assert seen == 800
    assert len(ids) == 810


def test_since_id_never_goes_with_start_time(sandbox: Sandbox, x: tweepy.Client, clock: SteppedClock) -> None:
    with pytest.raises(tweepy.BadRequest) as refusal:
        mentions(x, sandbox, since_id="17", start_time=clock())
    assert "in conjunction with" in json.dumps(problem_of(refusal.value))


def test_search_reaches_seven_days_and_refuses_a_stale_since_id(
    sandbox: Sandbox, x: tweepy.Client, clock: SteppedClock
) -> None:
    old = sandbox.world.twitter.post("alt")
    clock.advance(days=8)
    new = sandbox.world.twitter.post("neu")
    found = x.search_recent_tweets("from:glueckspilz_at", user_auth=True)
    assert [str(tweet.id) for tweet in found.data] == [new]
    with pytest.raises(tweepy.BadRequest) as refusal:
        x.search_recent_tweets("from:glueckspilz_at", since_id=old, user_auth=True)
    body = problem_of(refusal.value)
    assert body["title"] == "Invalid Request"
    assert "must be a tweet id created after" in json.dumps(body)
    with pytest.raises(tweepy.BadRequest):
        x.search_recent_tweets("x", start_time=clock() - timedelta(days=9), user_auth=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from:glueckspilz_at", {"post"}),
        ("to:glueckspilz_at", {"reply", "deep"}),
        ("conversation_id:{post}", {"post", "reply", "deep"}),
        ("conversation_id:{post} -from:glueckspilz_at", {"reply", "deep"}),
        ("conversation_id:{mention} OR conversation_id:{post}", {"post", "reply", "deep", "mention"}),
        ("@glueckspilz_at is:reply", {"reply"}),
        ('"wo bleibt" (paket OR schuhe)', {"mention"}),
    ],
)
def test_search_understands_the_operators_of_an_inbox(
    sandbox: Sandbox, x: tweepy.Client, query: str, expected: set[str]
) -> None:
    world = sandbox.world.twitter
    post = world.post("Neue Schuhe")
    reply = world.reply(post, "Anna", "schön")
    ids = {
        "post": post,
        "reply": reply,
        "deep": world.reply(post, "Sepp", "ohne Namen", drop_mention=True),
        "mention": world.mention("Sepp", "wo bleibt mein Paket"),
        "other": world.public_post("Anna", "schönes Wetter"),
    }
    found = x.search_recent_tweets(query.format(**ids), user_auth=True, max_results=10)
    assert {str(tweet.id) for tweet in found.data} == {ids[name] for name in expected}


def test_bad_parameters_are_refused(sandbox: Sandbox, x: tweepy.Client) -> None:
    with pytest.raises(tweepy.BadRequest):
        mentions(x, sandbox, max_results=4)
    with pytest.raises(tweepy.BadRequest):
        mentions(x, sandbox, tweet_fields=["shoe_size"])
    with pytest.raises(tweepy.BadRequest):
        x.search_recent_tweets("a" * 513, user_auth=True)
    with pytest.raises(tweepy.BadRequest):
        x.search_recent_tweets("(offen", user_auth=True)


def test_posts_carry_what_was_asked_and_authors_may_be_missing(sandbox: Sandbox, x: tweepy.Client) -> None:
    world = sandbox.world.twitter
    post = world.post("Wir haben offen")
    world.reply(post, "Anna", "Topf & Deckel <3 auf shop.at?")
    sandbox.scene.people.person("Sepp").suspended = True
    world.mention("Sepp", "hallo")
    answer = mentions(
        x, sandbox, max_results=5,
        tweet_fields=["author_id", "conversation_id", "entities", "referenced_tweets", "in_reply_to_user_id"],
        expansions=["author_id", "referenced_tweets.id"],
    )  # fmt: skip
    gone, reply = answer.data
    assert reply.text.startswith("@glueckspilz_at Topf &amp; Deckel &lt;3 auf https://t.co/")
    assert str(reply.conversation_id) == post
    assert reply.entities["mentions"][0]["id"] == world.account_id
    assert reply.entities["urls"][0]["expanded_url"] == "http://shop.at"
    assert [str(tweet.id) for tweet in answer.includes["tweets"]] == [post]
    authors = {user.id for user in answer.includes["users"]}
    assert reply.author_id in authors
    assert gone.author_id not in authors


def test_long_posts_are_cut_and_whole_in_the_note(sandbox: Sandbox, x: tweepy.Client) -> None:
    words = "Ein langer Bericht. " * 30
    sandbox.world.twitter.mention("Anna", words)
    tweet = mentions(x, sandbox, tweet_fields=["note_tweet"]).data[0]
    assert len(tweet.text) <= 280
    assert tweet.data["note_tweet"]["text"].endswith("Ein langer Bericht. ")


def test_lookups_tell_missing_ones_beside_the_data(sandbox: Sandbox, x: tweepy.Client) -> None:
    world = sandbox.world.twitter
    kept, gone, locked = (world.mention(who, "x") for who in ("Anna", "Sepp", "Ida"))
    world.delete(gone)
    sandbox.scene.people.person("Ida").protected = True
    answer = x.get_tweets([kept, gone, locked], user_auth=True)
    assert [str(tweet.id) for tweet in answer.data] == [kept]
    kinds = {error["value"]: error["type"].rpartition("/")[2] for error in answer.errors}
    assert kinds == {gone: "resource-not-found", locked: "not-authorized-for-resource"}


def test_an_edit_is_a_new_post_with_a_history(sandbox: Sandbox, x: tweepy.Client, clock: SteppedClock) -> None:
    world = sandbox.world.twitter
    first = world.mention("Anna", "Tpopf kaputt")
    clock.advance(minutes=2)
    second = world.edit(first, "@glueckspilz_at Topf kaputt")
    listed = mentions(x, sandbox, tweet_fields=["conversation_id"]).data
    assert [str(tweet.id) for tweet in listed] == [second]
    assert str(listed[0].conversation_id) == first
    old = x.get_tweets([first], user_auth=True).data[0]
    assert [str(version) for version in old.edit_history_tweet_ids] == [first, second]


def test_direct_messages_hold_both_sides_newest_first(sandbox: Sandbox, x: tweepy.Client, clock: SteppedClock) -> None:
    world = sandbox.world.twitter
    asked = world.direct_message("Anna", "Habt ihr offen?")
    clock.advance(minutes=1)
    answered = world.native_reply("Anna", "Bis 18 Uhr.")
    world.direct_message("Sepp", "Servus")
    answer = x.get_direct_message_events(
        dm_event_fields=["sender_id", "created_at", "dm_conversation_id"], expansions=["sender_id"]
    )
    assert len(answer.data) == 3
    anna = sandbox.scene.people.person("Anna")
    pair = world.direct_conversation(anna)
    one = x.get_direct_message_events(participant_id=anna.twitter_id, dm_event_fields=["sender_id"])
    assert [str(event.id) for event in one.data] == [answered, asked]
    assert str(one.data[0].sender_id) == world.account_id
    same = x.get_direct_message_events(dm_conversation_id=pair, max_results=1)
    assert [str(event.id) for event in same.data] == [answered]
    assert same.meta["next_token"]
    clock.advance(days=31)
    assert x.get_direct_message_events().data is None


def test_rate_limits_count_down_and_refuse(clock: SteppedClock) -> None:
    with Sandbox(seed=1, now=clock, limits=True) as sandbox:
        x = redirected(tweepy.Client(**sandbox.login("twitter").credentials), sandbox.origin)
        for _ in range(15):
            x.get_direct_message_events()
        with pytest.raises(tweepy.TooManyRequests) as refusal:
            x.get_direct_message_events(participant_id="1")
        assert refusal.value.reset_time == int(clock().timestamp()) + 900
        assert refusal.value.response.json() == {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
        clock.advance(minutes=15)
        assert x.get_direct_message_events().meta == {"result_count": 0}


def test_oauth1_is_verified_over_the_public_address(sandbox: Sandbox) -> None:
    keys = dict(sandbox.login("twitter").credentials)
    wrong = redirected(tweepy.Client(**{**keys, "access_token_secret": "falsch"}), sandbox.origin)
    with pytest.raises(tweepy.Unauthorized):
        wrong.get_me()
    assert requests.get(f"{sandbox.origin}/2/users/me", timeout=5).status_code == 401


def test_an_app_only_token_reads_mentions_and_no_direct_messages(sandbox: Sandbox) -> None:
    bearer = redirected(tweepy.Client(bearer_token=sandbox.twitter.auth.app_bearer), sandbox.origin)
    sandbox.world.twitter.mention("Anna", "x")
    assert bearer.get_users_mentions(sandbox.world.twitter.account_id).data
    with pytest.raises(tweepy.Forbidden):
        bearer.get_direct_message_events(user_auth=False)


def test_refresh_tokens_work_once_and_bearers_two_hours(sandbox: Sandbox, clock: SteppedClock) -> None:
    login = sandbox.login("shop-twitter-oauth2").credentials
    clock.advance(hours=2)
    url = f"{sandbox.origin}/2/oauth2/token"
    stale = {"Authorization": f"Bearer {login['access_token']}"}
    assert requests.get(f"{sandbox.origin}/2/users/me", headers=stale, timeout=5).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": login["refresh_token"]}
    basic = (login["client_id"], login["client_secret"])
    assert requests.post(url, data={**form, "client_id": login["client_id"]}, timeout=5).status_code == 401
    fresh = requests.post(url, data=form, auth=basic, timeout=5).json()
    me = {"Authorization": f"Bearer {fresh['access_token']}"}
    assert requests.get(f"{sandbox.origin}/2/users/me", headers=me, timeout=5).json()["data"]["username"]
    assert requests.post(url, data=form, auth=basic, timeout=5).status_code == 400
    assert fresh["refresh_token"] != login["refresh_token"]
