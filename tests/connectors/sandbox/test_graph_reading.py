"""What the Graph API shows: expansion, paging, edges, withheld parts, the 20 newest messages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import requests

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.conftest import Graph, error_of
from tests.stepped_clock import SteppedClock

COMMENTS = "id,message,comments.limit(2).order(reverse_chronological).filter(stream){id,message,from,parent{id}}"


def test_expansion_brings_posts_with_their_newest_comments_of_all_levels(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    post = world.post("Neue Schuhe")
    first = world.comment(post, "Anna", "Gibt's die in 38?", at="2026-11-10T08:00:00+00:00")
    nested = world.comment(post, "Sepp", "Ja!", parent=first, at="2026-11-10T08:10:00+00:00")
    deepest = world.comment(post, "Anna", "Danke", parent=nested, at="2026-11-10T08:20:00+00:00")
    body = page.get(f"/v26.0/{world.page_id}/published_posts", fields=COMMENTS).json()
    comments = body["data"][0]["comments"]
    assert [row["id"] for row in comments["data"]] == [deepest, nested]
    assert comments["data"][0]["parent"]["id"] == nested
    assert comments["data"][1]["from"]["name"] == "Sepp"
    rest = requests.get(comments["paging"]["next"], timeout=5).json()
    assert [row["id"] for row in rest["data"]] == [first]
    assert page.token in comments["paging"]["next"]
    assert "next" not in rest["paging"]


def test_an_edge_without_rows_has_no_paging_and_an_expanded_one_is_left_out(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    world.post("Allein")
    assert page.get(f"/{world.page_id}/visitor_posts").json() == {"data": []}
    row = page.get(f"/{world.page_id}/published_posts", fields="comments{id}").json()["data"][0]
    assert set(row) == {"id"}


def test_paging_walks_every_post_once_and_withheld_rows_only_shorten_pages(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    post = world.post("Viel los")
    ids = [world.comment(post, "Anna", f"Nr. {n}", at=f"2026-11-10T08:{n:02d}:00+00:00") for n in range(12)]
    for hidden in ids[5:10]:
        sandbox.world.facebook.comments[hidden.split("_")[1]].withheld = True
    query: dict[str, Any] = {"limit": 5, "filter": "stream", "order": "reverse_chronological"}
    seen: list[str] = []
    lengths: list[int] = []
    body = page.get(f"/{post}/comments", **query).json()
    while True:
        seen += [row["id"] for row in body["data"]]
        lengths.append(len(body["data"]))
        if "next" not in body["paging"]:
            break
        body = page.get(f"/{post}/comments", **query, after=body["paging"]["cursors"]["after"]).json()
    assert seen == [*reversed(ids[10:]), *reversed(ids[:5])]
    assert lengths == [2, 3, 2]


def test_a_cursor_dies_with_the_comment_it_points_at(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    post = world.post("x")
    for n in range(3):
        world.comment(post, "Anna", str(n))
    after = page.get(f"/{post}/comments", limit=1).json()
    world.delete_comment(after["data"][0]["id"])
    assert error_of(page.get(f"/{post}/comments", limit=1, after=after["paging"]["cursors"]["after"]))[0] == 100


def test_every_kind_of_post_has_its_edge(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    own, ad, reel = world.post("a"), world.post("b", kind="ad"), world.post("c", kind="reel")
    visitor, tagged = world.visitor_post("Anna", "d"), world.tagged_post("Sepp", "e")
    found = {
        edge: {row["id"] for row in page.get(f"/{world.page_id}/{edge}").json()["data"]}
        for edge in ("published_posts", "feed", "visitor_posts", "tagged", "ads_posts", "video_reels")
    }
    assert found == {
        "published_posts": {own},
        "feed": {own, visitor, tagged},
        "visitor_posts": {visitor},
        "tagged": {tagged},
        "ads_posts": {ad},
        "video_reels": {reel},
    }
    assert error_of(page.get(f"/{world.page_id}/feed", limit=101))[0] == 100


def test_comments_of_a_reel_come_in_the_short_spelling_and_both_spellings_work(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    reel = world.post("Film", kind="reel")
    full = world.comment(reel, "Anna", "Super!")
    short = page.get(f"/{reel}/comments").json()["data"][0]["id"]
    assert short == full.split("_")[1]
    assert page.get(f"/{full}", fields="message").json()["message"] == "Super!"
    assert page.get(f"/{short}", fields="message").json()["message"] == "Super!"


def test_authors_may_be_withheld_and_photo_comments_have_no_words(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    post = world.post("x")
    sandbox.scene.people.person("Anna").nameless = True
    world.comment(post, "Anna", "", photo=True)
    row = page.get(f"/{post}/comments", fields="id,from,message,attachment").json()["data"][0]
    assert "from" not in row
    assert row["message"] == ""
    assert row["attachment"]["type"] == "photo"


def test_unknown_fields_and_objects_are_refused(sandbox: Sandbox, page: Graph) -> None:
    answer = page.get(f"/{sandbox.world.facebook.page_id}", fields="shoe_size")
    assert answer.status_code == 400
    assert "nonexisting field (shoe_size) on node type (Page)" in answer.json()["error"]["message"]
    assert error_of(page.get("/123456")) == (100, 33)
    assert error_of(page.get("/me/one/two"))[0] == 2500


def test_only_the_twenty_newest_messages_of_a_thread_can_be_read(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    ids = [world.message("Anna", f"Nr. {n}") for n in range(25)]
    fields = "id,message_count,updated_time,participants,messages.limit(50){id,message,from}"
    thread = page.get(f"/{world.page_id}/conversations", platform="MESSENGER", fields=fields).json()["data"][0]
    assert [row["id"] for row in thread["messages"]["data"]] == list(reversed(ids[5:]))
    assert thread["message_count"] == 25
    assert error_of(page.get(f"/{ids[0]}", fields="message"))[0] == 100
    assert page.get(f"/{ids[24]}", fields="message").json()["message"] == "Nr. 24"


def test_threads_come_newest_first(sandbox: Sandbox, page: Graph, clock: SteppedClock) -> None:
    world = sandbox.world.facebook
    for person in ("Anna", "Sepp", "Anna"):
        world.message(person, "Hallo")
        clock.advance(minutes=1)
    rows = page.get(f"/{world.page_id}/conversations", fields="participants").json()["data"]
    assert [row["participants"]["data"][0]["name"] for row in rows] == ["Anna", "Sepp"]


def test_several_ids_and_batches_answer_each_for_itself(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    posts = [world.post("a"), world.post("b")]
    many = page.get("/v26.0/", ids=",".join(posts), fields="message").json()
    assert [many[post]["message"] for post in posts] == ["a", "b"]
    items = [{"method": "GET", "relative_url": f"{posts[0]}?fields=message"}, {"method": "GET", "relative_url": "1"}]
    rows = page.post("/v26.0/", batch=json.dumps(items)).json()
    assert [row["code"] for row in rows] == [200, 400]
    assert json.loads(rows[0]["body"])["message"] == "a"
    assert any(header["name"] == "x-business-use-case-usage" for header in rows[0]["headers"])
    too_many = page.post("/", batch=json.dumps(items * 26))
    assert error_of(too_many)[0] == 100


def test_every_answer_tells_usage_and_version(sandbox: Sandbox, page: Graph) -> None:
    sandbox.graph.usage.report("facebook", 96, minutes=12)
    for answer in (page.get("/v25.0/me"), page.get("/v25.0/nothing")):
        usage = json.loads(answer.headers["x-business-use-case-usage"])
        assert usage[sandbox.world.facebook.page_id][0]["call_count"] == 96
        assert usage[sandbox.world.facebook.page_id][0]["estimated_time_to_regain_access"] == 12
        assert answer.headers["facebook-api-version"] == "v25.0"


def test_a_user_token_lists_pages_and_sees_no_comments(sandbox: Sandbox) -> None:
    world = sandbox.world.facebook
    post = world.post("x")
    world.comment(post, "Anna", "sichtbar nur für die Seite")
    manager = Graph(sandbox.origin, sandbox.user_token)
    assert manager.get(f"/{post}/comments").json() == {"data": []}
    account = manager.get("/me/accounts").json()["data"][0]
    assert account["id"] == world.page_id
    assert Graph(sandbox.origin, account["access_token"]).get(f"/{post}/comments").json()["data"]


def test_instagram_lists_top_level_comments_newest_first_with_replies(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.instagram
    media = world.media("Neu!")
    older = world.comment(media, "Anna", "Schön", at="2026-11-10T07:00:00+00:00")
    newer = world.comment(media, "Sepp", "Preis?", at="2026-11-10T08:00:00+00:00")
    reply = world.reply(older, "Sepp", "find ich auch")
    deeper = world.reply(reply, "Anna", "gell")
    rows = page.get(f"/{media}/comments", fields="id,text,hidden,parent_id,replies{id,text,from}", limit=60).json()
    assert [row["id"] for row in rows["data"]] == [newer, older]
    assert [row["id"] for row in rows["data"][1]["replies"]["data"]] == [reply, deeper]
    assert page.get(f"/{deeper}", fields="parent_id").json()["parent_id"] == older
    counted = page.get(f"/{world.account_id}/media", fields="comments_count,caption").json()["data"][0]
    assert counted["comments_count"] == 4
    assert page.get(f"/{media}/comments").json()["data"][0].keys() == {"id", "text", "timestamp"}


def test_instagram_shows_at_most_fifty_comments_a_page(sandbox: Sandbox, page: Graph) -> None:
    media = sandbox.world.instagram.media("x")
    for n in range(55):
        sandbox.world.instagram.comment(media, "Anna", str(n))
    body = page.get(f"/{media}/comments", limit=100).json()
    assert len(body["data"]) == 50
    assert "next" in body["paging"]


def test_a_mention_is_read_only_through_its_field(sandbox: Sandbox, page: Graph, outlet: Graph) -> None:
    world = sandbox.world.instagram
    comment = world.mention("Anna", "schaut mal")
    media = world.comments[comment].media.id
    fields = f"mentioned_comment.comment_id({comment}){{id,text,username,media{{id,permalink}}}}"
    body = page.get(f"/{world.account_id}", fields=fields).json()
    assert body["mentioned_comment"]["text"] == "@glueckspilz.wien schaut mal"
    assert body["mentioned_comment"]["media"]["id"] == media
    assert error_of(page.get(f"/{comment}")) == (100, 33)
    own = sandbox.world.instagram_login.account_id
    assert error_of(outlet.get(f"/{own}", fields=fields))[0] == 100


def test_the_two_flavours_refuse_each_others_edges(sandbox: Sandbox, page: Graph, outlet: Graph) -> None:
    through_page, own = sandbox.world.instagram, sandbox.world.instagram_login
    through_page.message("Anna", "Hallo")
    own.message("Sepp", "Servus")
    direct = {"platform": "instagram", "fields": "participants,messages{id,message,from}"}
    seen = page.get(f"/{sandbox.world.facebook.page_id}/conversations", **direct).json()["data"]
    assert seen[0]["messages"]["data"][0]["message"] == "Hallo"
    assert outlet.get("/me/conversations", **direct).json()["data"][0]["messages"]["data"][0]["message"] == "Servus"
    assert error_of(page.get(f"/{through_page.account_id}/conversations", **direct))[0] == 3
    assert error_of(outlet.get(f"/{sandbox.world.facebook.page_id}/conversations", **direct))[0] == 3
    me = outlet.get("/me", fields="user_id,username").json()
    assert me["user_id"] == own.account_id
    assert me["id"] != own.account_id


def test_own_instagram_comments_can_be_told(sandbox: Sandbox, outlet: Graph) -> None:
    world = sandbox.world.instagram_login
    media = world.media("x")
    world.native_reply(media, "Nachtrag")
    row = outlet.get(f"/{media}/comments", fields="from").json()["data"][0]
    assert row["from"]["id"] == world.account_id
    assert row["from"]["self_ig_scoped_id"]


def test_stories_arrive_as_direct_messages(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.instagram
    world.story_reply("Anna", "Wo ist das?")
    world.story_mention("Sepp")
    fields = "messages{message,story}"
    url = f"/{sandbox.world.facebook.page_id}/conversations"
    rows = page.get(url, platform="instagram", fields=fields).json()["data"]
    stories = [next(iter(row["messages"]["data"][0]["story"])) for row in rows]
    assert sorted(stories) == ["mention", "reply_to"]


def test_tokens_expire_and_are_inspected(sandbox: Sandbox, outlet: Graph, clock: SteppedClock) -> None:
    inspector = Graph(sandbox.origin, f"880000000000042|{sandbox.tokens.app_secret}")
    described = inspector.get("/debug_token", input_token=outlet.token).json()["data"]
    assert described["is_valid"] is True
    fresh = outlet.get("/refresh_access_token", grant_type="ig_refresh_token").json()
    assert fresh["expires_in"] == 60 * 86400
    clock.set(clock() + timedelta(days=59))
    expired = outlet.get("/me")
    assert error_of(expired) == (190, 463)
    assert inspector.get("/debug_token", input_token=outlet.token).json()["data"]["is_valid"] is False
    assert Graph(sandbox.origin, fresh["access_token"]).get("/me").status_code == 200
