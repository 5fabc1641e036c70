"""Facebook: a Page's comments, mentions and Messenger threads.

Three streams, each one Graph call when nothing is new: `comments` (the newest posts with their newest comments),
`messages` (the latest threads), and `rounds` (everything slower, one call a turn).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from connectors.base import (
    Capabilities,
    Cursor,
    FilesTaken,
    InboundMessage,
    Inspection,
    Kind,
    Login,
    MediaFile,
    Misconfigured,
    NewLogin,
    OutcomeUnknown,
    Page,
    Poll,
    Receipt,
    RefusalReason,
    Refused,
    Reply,
    Situation,
    Stream,
    Uploaded,
    Usage,
    Way,
    WayOption,
)
from connectors.facebook_comments import HEAD, FacebookPosts
from connectors.facebook_push import read_change
from connectors.graph import FACEBOOK_ORIGIN, Got, Graph, node
from connectors.graph_account import Streams, one_by_one
from connectors.graph_collect import Collected
from connectors.graph_login import inspect_page_token
from connectors.graph_posts import gone_with
from connectors.graph_sending import earliest, find_privately, own_among, refuse_early, send_privately
from connectors.graph_threads import ThreadReader
from connectors.graph_usage import MESSENGER, PAGES
from connectors.graph_values import comment_id, mapping, text_id
from connectors.graph_view import View
from connectors.graph_webhooks import challenge_answer, read_envelope, signed_by_any
from connectors.http import Files
from connectors.meta_files import COMMENT_PHOTO, MESSENGER_FILE, refuse_files, upload_privately
from connectors.meta_ways import meta_ways

TURNS = (
    "visitor_posts",
    "tagged",
    "archive",
    "sweep",
    "threads",
    "sweep",
    "video_reels",
    "sweep",
    "visitor_posts",
    "sweep",
    "threads",
    "sweep",
    "ads_posts",
    "sweep",
)
FIRST_TURNS = 2
_THREAD_FIELDS = "id,updated_time,message_count,link,participants"
_MESSAGE_FIELDS = "id,created_time,from,to,message,attachments,sticker,tags,reply_to"
_WAYS = (
    Way.PRIVATE_REPLY,
    Way.DIRECT_MESSAGE,
    Way.PUBLIC_REPLY_WITH_LINK,
    Way.ASK_TO_WRITE_FIRST,
    Way.PUBLIC_REPLY,
    Way.ON_PLATFORM,
)
_PRIVATE = (Way.DIRECT_MESSAGE, Way.PRIVATE_REPLY)
COMMENT_LIMIT = 8000
MESSAGE_LIMIT = 2000
"""Characters; the Send API page says "less than 2000"."""
_LINK_ROOM = 40


class Facebook:
    """One Page. See `connectors.base.Connector` for what each method promises."""

    channel: ClassVar[str] = "facebook"
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="Facebook",
        kinds=frozenset(Kind),
        ways=frozenset(_WAYS),
        can_hide=True,
        # The Send API takes 300 texts a second, private replies 750 an hour (Meta, 2026-08). Errors decide; this pace
        # only keeps a burst from looking like spam.
        sends_per_minute=240,
        way_allowances={way: MESSENGER if way in _PRIVATE else PAGES for way in _WAYS},
        sees_all_private_messages=False,
        blind_spots=("facebook_20_newest_messages", "facebook_mentions_by_polling"),
    )
    required_credentials: ClassVar[tuple[tuple[str, ...], ...]] = (("access_token",),)

    def __init__(self, login: Login) -> None:
        self._credentials = login.credentials
        self._page_id = login.external_id
        self._own_ids = frozenset({login.external_id})
        origin = login.api_base or FACEBOOK_ORIGIN
        self._graph = Graph(origin, login.credentials)
        self._posts = FacebookPosts(self._graph, self._page_id)
        self._threads = ThreadReader(
            self._graph,
            node(self._page_id, "conversations"),
            "MESSENGER",
            self._own_ids,
            _THREAD_FIELDS,
            _MESSAGE_FIELDS,
        )
        self._streams = Streams(self._posts, self._threads, TURNS, FIRST_TURNS, PAGES)

    def streams(self) -> tuple[Stream, ...]:
        """Comments and messages at every poll, one turn of the slow round beside them."""
        return self._streams.all

    def fetch(self, stream: str, cursor: Cursor | None, poll: Poll) -> Page:
        """One step of one stream: one Graph call, a few more only where something vanished."""
        return self._streams.fetch(stream, cursor, poll)

    def look_again(self, external_ids: Sequence[str], poll: Poll) -> Page:
        """Comments one by one."""
        return one_by_one(external_ids, lambda name: self._posts.comment(name, poll.now), poll)

    def read_thread(self, conversation_id: str, kind: Kind, poll: Poll) -> Page:
        """One person's thread, or what stands below one comment or post."""
        if kind is Kind.DIRECT_MESSAGE:
            return self._threads.read_one(conversation_id, poll)
        try:
            return self._posts.thread(conversation_id, kind, poll)
        except Refused as error:
            return gone_with(error, conversation_id, poll.now)

    def upload(self, file: MediaFile, way: Way, now: datetime) -> Uploaded:
        """Messenger's files are uploaded before the message."""
        return upload_privately(self._graph, node(self._page_id, "message_attachments"), file, now, platform=None)

    def send(self, reply: Reply, now: datetime) -> Receipt:
        """Say it once. Public replies stand under the conversation's root, private ones go through the Send API."""
        refuse_early(reply, self.text_length(reply.text, reply.way), self.text_limit(reply.way))
        refuse_files(reply, self.files_taken(reply.way, {}))
        if reply.way in _PRIVATE:
            recipient = self._recipient(reply)
            path = node(self._page_id, "messages")
            return send_privately(self._graph, path, reply, now, recipient=recipient, marked=True, typed=True)
        if reply.way is Way.ON_PLATFORM:
            raise Refused("answered in Facebook's own app", reason=RefusalReason.NOT_PERMITTED, code="on_platform")
        return self._send_publicly(reply, now)

    def _recipient(self, reply: Reply) -> dict[str, str]:
        if reply.way is Way.DIRECT_MESSAGE:
            if reply.recipient_id is None:
                raise Refused("nobody to write to", reason=RefusalReason.INVALID, code="no_recipient")
            return {"id": reply.recipient_id}
        if reply.target_id is None:
            raise Refused("no comment to answer", reason=RefusalReason.INVALID, code="no_target")
        if reply.target_id == reply.conversation_id and reply.target_id == reply.subject_id:
            return {"post_id": reply.target_id}
        if reply.target_id.startswith(f"{self._page_id}_"):
            return {"post_id": reply.target_id}
        return {"comment_id": reply.target_id}

    def _send_publicly(self, reply: Reply, now: datetime) -> Receipt:
        target = reply.conversation_id
        text = self._with_link(reply)
        try:
            got = self._post(target, ("comments",), now, _photo(reply), message=text or None)
        except Refused as error:
            if error.reason is not RefusalReason.DUPLICATE:
                raise
            found = self.find_own(reply, now)
            if found is None:
                raise
            return found
        given = text_id(got.body.get("id"))
        if given is None:
            raise OutcomeUnknown("the answer to a comment names no comment", code="no id", usage=got.usage)
        external_id = comment_id(given, reply.subject_id or target.rpartition("_")[0] or None)
        if external_id in (target, reply.target_id):
            raise OutcomeUnknown(f"the platform changed {external_id} instead of answering it", code="edited")
        return Receipt(external_id, reply.conversation_id, None, now, got.usage)

    def _post(
        self, target: str, edge: tuple[str, ...], now: datetime, files: Files | None = None, **params: str | None
    ) -> Got:
        """Write to a comment. Some posts' comments carry another number in front than the post's (photos in albums):
        refused as unknown, certainly without effect, such a comment is named by its own number alone."""
        try:
            return self._graph.post(node(target, *edge), now, files, **params)
        except Refused as error:
            short = target.rpartition("_")[2]
            named_by_post = target != short and not target.startswith(f"{self._page_id}_")
            if error.reason is not RefusalReason.TARGET_GONE or not named_by_post:
                raise
        return self._graph.post(node(short, *edge), now, files, **params)

    def _with_link(self, reply: Reply) -> str:
        if reply.way is not Way.PUBLIC_REPLY_WITH_LINK or "m.me/" in reply.text:
            return reply.text
        return f"{reply.text} https://m.me/{self._page_id}"

    def find_own(self, reply: Reply, now: datetime) -> Receipt | None:
        """Our words in the thread since the attempt began, not accounted for by another outbox item."""
        if reply.way is Way.DIRECT_MESSAGE:
            return find_privately(self._threads, reply, now, reply.recipient_id or reply.conversation_id)
        if reply.way is Way.PRIVATE_REPLY:
            return find_privately(self._threads, reply, now, self._private_thread(reply, now) or reply.recipient_id)
        return self._find_publicly(reply, now)

    def _find_publicly(self, reply: Reply, now: datetime) -> Receipt | None:
        since = int(earliest(reply, now).timestamp())
        said = replace(reply, text=self._with_link(reply))
        after: str | None = None
        for _ in range(3):
            try:
                view, usage = self._posts.comments(reply.conversation_id, HEAD, after, since, now)
            except (Refused, Misconfigured) as error:
                if (error.code or "").split("/")[0] == "100":
                    return None
                raise
            found = own_among(self._respelled(view, reply), said, now)
            if found is not None:
                return Receipt(found.external_id, reply.conversation_id, None, found.sent_at, usage)
            if view.more is None or (view.newest_first and view.oldest and view.oldest.timestamp() < since):
                return None
            after = view.more
        return None

    def _respelled(self, view: View, reply: Reply) -> list[InboundMessage]:
        """Replies listed under a comment carry the post in their ids; a bare id is joined to the post."""
        post = reply.subject_id or reply.conversation_id.rpartition("_")[0]
        if reply.conversation_id == reply.subject_id:
            post = reply.conversation_id
        return [replace(m, external_id=comment_id(m.external_id, post or None)) for m in view.messages]

    def _private_thread(self, reply: Reply, now: datetime) -> str | None:
        """The thread a private reply opened, where the comment it answers names it."""
        if reply.target_id is None or reply.target_id == reply.subject_id:
            # A visitor's post does not name the thread: Graph knows `private_reply_conversation` of comments only.
            return None
        try:
            got = self._graph.get(node(reply.target_id), now, fields="id,private_reply_conversation")
        except (Refused, Misconfigured):
            return None
        return text_id(mapping(got.body.get("private_reply_conversation")).get("id"))

    def hide(self, external_id: str, hidden: bool, now: datetime) -> Usage:
        """Hide or show somebody's comment."""
        return self._post(external_id, (), now, is_hidden="true" if hidden else "false").usage

    def inspect(self, now: datetime) -> Inspection:
        """Token, permissions and page."""
        return inspect_page_token(self._graph, self._credentials, self._page_id, now, ("pages_messaging",))

    def refresh_login(self, now: datetime) -> NewLogin | None:
        """Page tokens made from a long user token have no expiry date: nothing to refresh."""
        return None

    @staticmethod
    def ways(situation: Situation) -> tuple[WayOption, ...]:
        """Meta's law; see `meta_ways`."""
        return meta_ways(situation, _WAYS)

    @staticmethod
    def files_taken(way: Way, options: Mapping[str, str]) -> FilesTaken | None:
        """One photo in a comment, one file as a message of its own; see `meta_files`."""
        if way is Way.DIRECT_MESSAGE:
            return MESSENGER_FILE
        return COMMENT_PHOTO if way in (Way.PUBLIC_REPLY, Way.PUBLIC_REPLY_WITH_LINK, Way.ASK_TO_WRITE_FIRST) else None

    @staticmethod
    def text_length(text: str, way: Way) -> int:
        """Characters."""
        return len(text)

    @staticmethod
    def text_limit(way: Way) -> int:
        """8,000 characters in a comment, fewer than 2,000 in a message."""
        if way in _PRIVATE:
            return MESSAGE_LIMIT - 1
        return COMMENT_LIMIT - _LINK_ROOM if way is Way.PUBLIC_REPLY_WITH_LINK else COMMENT_LIMIT

    def answer_challenge(self, query: Mapping[str, str]) -> str | None:
        """`hub.challenge`, where `hub.verify_token` is ours."""
        return challenge_answer(query, self._credentials.get("verify_token"))

    def signature_fits(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Signed with the app secret."""
        return signed_by_any((self._credentials.get("app_secret"),), headers, body)

    def read_push(self, body: bytes, now: datetime) -> Page:
        """Comments, posts by others and Messenger events."""

        def change(field: str, value: Mapping[str, Any], at: datetime, collected: Collected) -> None:
            read_change(self._page_id, field, value, at, collected)

        return read_envelope(body, self._own_ids, change, now)


def _photo(reply: Reply) -> Files | None:
    if not reply.files:
        return None
    photo = reply.files[0]
    return {"source": (photo.name, photo.content, photo.content_type)}
