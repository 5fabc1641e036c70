"""Instagram professional accounts: comments, mentions and direct messages, under either login.

`login = "facebook"` asks graph.facebook.com with a Page token and reads and writes messages at the Page;
`login = "instagram"` asks graph.instagram.com with an Instagram user token that lives 60 days and is refreshed. Hosts,
tokens and ids of the two are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
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
    Unavailable,
    Uploaded,
    Usage,
    Way,
    WayOption,
)
from connectors.graph import FACEBOOK_ORIGIN, INSTAGRAM_ORIGIN, Graph, node
from connectors.graph_account import Streams, one_by_one
from connectors.graph_collect import Collected
from connectors.graph_login import debugged
from connectors.graph_posts import gone_with
from connectors.graph_sending import find_privately, own_among, refuse_early, send_privately
from connectors.graph_threads import ThreadReader
from connectors.graph_usage import INSTAGRAM, MESSENGER, together
from connectors.graph_values import mapping, text_id, text_of
from connectors.graph_webhooks import challenge_answer, read_envelope, signed_by_any
from connectors.instagram_comments import InstagramMedia, mention_parts, mentioned_id
from connectors.instagram_push import pushed_comment, pushed_mention
from connectors.meta_files import INSTAGRAM_LOGIN, INSTAGRAM_THROUGH_PAGE, refuse_files, upload_privately
from connectors.meta_ways import meta_ways

TURNS = ("tags", "archive", "sweep", "threads", "sweep")
FIRST_TURNS = 1
_THREAD_FIELDS = "id,updated_time,participants"
_MESSAGE_FIELDS = "id,created_time,from,to,message,attachments,story,shares,reactions,is_unsupported"
_WAYS = (Way.PRIVATE_REPLY, Way.DIRECT_MESSAGE, Way.ASK_TO_WRITE_FIRST, Way.PUBLIC_REPLY, Way.ON_PLATFORM)
_PRIVATE = (Way.DIRECT_MESSAGE, Way.PRIVATE_REPLY)
COMMENT_LIMIT = 2200
MESSAGE_LIMIT_BYTES = 1000
REPLY_PAGES = 20
"""Of 50 replies each; no comment in a shop's life had more."""


class Instagram:
    """One professional account. See `connectors.base.Connector` for what each method promises."""

    channel: ClassVar[str] = "instagram"
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="Instagram",
        kinds=frozenset(Kind),
        ways=frozenset(_WAYS),
        can_hide=True,
        # The Send API takes 100 texts a second, private replies 750 an hour (Meta, 2026-08). Errors decide; this pace
        # only keeps a burst from looking like spam.
        sends_per_minute=240,
        way_allowances={way: MESSENGER if way in _PRIVATE else INSTAGRAM for way in _WAYS},
        sees_all_private_messages=False,
        blind_spots=("instagram_mentions_by_polling", "instagram_20_newest_messages"),
    )
    required_credentials: ClassVar[tuple[tuple[str, ...], ...]] = (("access_token",),)

    def __init__(self, login: Login) -> None:
        self._credentials = login.credentials
        self._account_id = login.external_id
        self._options = login.options
        self._by_facebook = login.options.get("login", "facebook") != "instagram"
        page_id = login.options.get("page_id", "")
        if self._by_facebook and not page_id:
            raise Misconfigured(
                f'{login.account}: login = "facebook" needs page_id, the Page this account is linked to',
                code="page_id",
            )
        self._page_id = page_id
        self._own_ids = frozenset({login.external_id, *([page_id] if page_id else [])})
        origin = login.api_base or (FACEBOOK_ORIGIN if self._by_facebook else INSTAGRAM_ORIGIN)
        self._graph = Graph(origin, login.credentials)
        self._media = InstagramMedia(self._graph, self._account_id, self._own_ids)
        threads_of = page_id if self._by_facebook else "me"
        self._threads = ThreadReader(
            self._graph,
            node(threads_of, "conversations"),
            "instagram",
            self._own_ids,
            _THREAD_FIELDS,
            _MESSAGE_FIELDS,
        )
        self._messages_path = node(page_id if self._by_facebook else self._account_id, "messages")
        self._streams = Streams(self._media, self._threads, TURNS, FIRST_TURNS, INSTAGRAM)

    def streams(self) -> tuple[Stream, ...]:
        """Comments and messages at every poll, one turn of the slow round beside them."""
        return self._streams.all

    def fetch(self, stream: str, cursor: Cursor | None, poll: Poll) -> Page:
        """One step of one stream: one Graph call, a few more only where something vanished."""
        return self._streams.fetch(stream, cursor, poll)

    def look_again(self, external_ids: Sequence[str], poll: Poll) -> Page:
        """Comments one by one, and mentions a push pointed at (`mention_MEDIA`, `mention_MEDIA_COMMENT`)."""

        def ask(name: str) -> tuple[InboundMessage, Usage]:
            mention = mention_parts(name)
            return self._media.mention(*mention, poll.now) if mention else self._media.comment(name, poll.now)

        return one_by_one(external_ids, ask, poll, mentioned_id)

    def read_thread(self, conversation_id: str, kind: Kind, poll: Poll) -> Page:
        """One person's thread, or a comment with its replies; mentions under others' posts show themselves only."""
        if kind is Kind.DIRECT_MESSAGE:
            return self._threads.read_one(conversation_id, poll)
        if mention_parts(conversation_id) is not None:
            return self.look_again((conversation_id,), poll)
        try:
            return self._all_replies(conversation_id, poll)
        except Refused as error:
            return gone_with(error, conversation_id, poll.now)

    def _all_replies(self, comment: str, poll: Poll) -> Page:
        """Replies come oldest first: the newest stand on the last page."""
        collected, after = Collected(), None
        for _ in range(REPLY_PAGES):
            view, usage = self._media.replies(comment, "", after, poll.now)
            collected.used(usage)
            collected.add((replace(m, subject=None) for m in view.messages), view.unreadable)
            if view.more in (None, after):
                break
            after = view.more
        return collected.page({})

    def upload(self, file: MediaFile, way: Way, now: datetime) -> Uploaded:
        """Files for messages, at the Page; under Instagram Login they are fetched instead."""
        path = node(self._page_id, "message_attachments")
        return upload_privately(self._graph, path, file, now, platform="instagram")

    def send(self, reply: Reply, now: datetime) -> Receipt:
        """Say it once: under the root comment, at the mention, or through the Send API of this login."""
        refuse_early(reply, self.text_length(reply.text, reply.way), self.text_limit(reply.way))
        refuse_files(reply, self.files_taken(reply.way, self._options))
        if reply.way in _PRIVATE:
            return send_privately(
                self._graph,
                self._messages_path,
                reply,
                now,
                recipient=self._recipient(reply),
                marked=False,
                typed=False,
            )
        if reply.way not in (Way.PUBLIC_REPLY, Way.ASK_TO_WRITE_FIRST):
            raise Refused("answered in Instagram's own app", reason=RefusalReason.NOT_PERMITTED, code="on_platform")
        return self._send_publicly(reply, now)

    def _recipient(self, reply: Reply) -> dict[str, str]:
        if reply.way is Way.DIRECT_MESSAGE:
            if reply.recipient_id is None:
                raise Refused("nobody to write to", reason=RefusalReason.INVALID, code="no_recipient")
            return {"id": reply.recipient_id}
        if reply.target_id is None:
            raise Refused("no comment to answer", reason=RefusalReason.INVALID, code="no_target")
        if mention_parts(reply.conversation_id) is not None:
            raise Refused(
                "a mention under somebody else's post takes no private reply; answer it publicly",
                reason=RefusalReason.NOT_REPLYABLE,
                code="mention",
            )
        return {"comment_id": reply.target_id}

    def _send_publicly(self, reply: Reply, now: datetime) -> Receipt:
        mention = mention_parts(reply.conversation_id)
        if mention is not None:
            path = node(self._account_id, "mentions")
            got = self._graph.post(path, now, media_id=mention[0], comment_id=mention[1], message=reply.text)
        else:
            got = self._graph.post(node(reply.conversation_id, "replies"), now, message=reply.text)
        external_id = text_id(got.body.get("id"))
        if external_id is None:
            raise OutcomeUnknown("the answer to a comment names no comment", code="no id", usage=got.usage)
        if external_id in (reply.conversation_id, reply.target_id):
            raise OutcomeUnknown(f"the platform changed {external_id} instead of answering it", code="edited")
        return Receipt(external_id, reply.conversation_id, None, now, got.usage)

    def find_own(self, reply: Reply, now: datetime) -> Receipt | None:
        """Our words in the thread since the attempt began, not accounted for by another outbox item.

        Raises Unavailable for answers to comments that mention us: they stand under somebody else's post, and the
        platform shows no replies there. Answers to a caption that mentions us can be read with Facebook Login.
        """
        if reply.way in _PRIVATE:
            recipient = reply.recipient_id
            if recipient is None and reply.way is Way.DIRECT_MESSAGE:
                recipient = reply.conversation_id
            return find_privately(self._threads, reply, now, recipient)
        mention = mention_parts(reply.conversation_id)
        if mention is not None:
            return self._find_at_mention(reply, *mention, now)
        after: str | None = None
        for _ in range(REPLY_PAGES):
            try:
                view, usage = self._media.replies(reply.conversation_id, reply.subject_id or "", after, now)
            except (Refused, Misconfigured) as error:
                if (error.code or "").split("/")[0] in ("100", "24"):
                    return None
                raise
            found = own_among(view.messages, reply, now)
            if found is not None:
                return Receipt(found.external_id, reply.conversation_id, None, found.sent_at, usage)
            if view.more is None:
                return None
            after = view.more
        return None

    def _find_at_mention(self, reply: Reply, media: str, comment: str | None, now: datetime) -> Receipt | None:
        if comment is not None or not self._by_facebook:
            raise Unavailable("answers to mentions cannot be read back; look at the post on Instagram", code="mention")
        below, usage = self._media.own_below(media, now)
        # Under a caption that mentions us texts come without the sign in front of names.
        said = replace(reply, text=reply.text.replace("@", ""))
        found = own_among([replace(m, text=m.text.replace("@", "")) for m in below], said, now)
        return Receipt(found.external_id, reply.conversation_id, None, found.sent_at, usage) if found else None

    def hide(self, external_id: str, hidden: bool, now: datetime) -> Usage:
        """Hide or show somebody's comment (written as `hide`, read back as `hidden`)."""
        return self._graph.post(node(external_id), now, hide="true" if hidden else "false").usage

    def inspect(self, now: datetime) -> Inspection:
        """Token, permissions and account."""
        return self._inspect_page(now) if self._by_facebook else self._inspect_me(now)

    def _inspect_page(self, now: datetime) -> Inspection:
        fields = "id,name,instagram_business_account{id,username}"
        got = self._graph.get(node(self._page_id), now, fields=fields)
        account = mapping(got.body.get("instagram_business_account"))
        linked = text_id(account.get("id"))
        problems = []
        if linked is None:
            problems.append("The Page has no Instagram account linked, or the token lacks instagram_basic.")
        elif linked != self._account_id:
            problems.append(f"The Page's Instagram account is {linked}: set external_id to it.")
        wanted = ("instagram_basic", "instagram_manage_comments", "instagram_manage_messages")
        expires_at, usage, more = debugged(self._graph, self._credentials, now, wanted)
        name = text_of(account.get("username")) or self._account_id
        return Inspection(name, (*problems, *more), expires_at, together(got.usage, usage))

    def _inspect_me(self, now: datetime) -> Inspection:
        got = self._graph.get("me", now, fields="user_id,username,account_type")
        problems = []
        user_id = text_id(got.body.get("user_id"))
        if user_id is not None and user_id != self._account_id:
            problems.append(f"The token belongs to account {user_id}: set external_id to this user_id.")
        if text_of(got.body.get("account_type")).upper() in ("PERSONAL",):
            problems.append("The account is not professional: switch it to business or creator in the app.")
        return Inspection(text_of(got.body.get("username")) or self._account_id, tuple(problems), None, got.usage)

    def refresh_login(self, now: datetime) -> NewLogin | None:
        """Instagram user tokens: 60 more days for one at least 24 hours old. Page tokens: nothing to refresh."""
        if self._by_facebook:
            return None
        got = self._graph.get_unversioned("refresh_access_token", now, grant_type="ig_refresh_token")
        token = text_id(got.body.get("access_token"))
        if token is None:
            raise Unavailable("the refreshed token is missing in the answer", code="no token", usage=got.usage)
        lasts = got.body.get("expires_in")
        expires_at = now + timedelta(seconds=lasts) if isinstance(lasts, int) and 0 < lasts < 10**9 else None
        return NewLogin({"access_token": token}, expires_at)

    @staticmethod
    def ways(situation: Situation) -> tuple[WayOption, ...]:
        """Meta's law; see `meta_ways`."""
        return meta_ways(situation, _WAYS, mentions_privately=False)

    @staticmethod
    def files_taken(way: Way, options: Mapping[str, str]) -> FilesTaken | None:
        """One file as a message of its own; comments carry text only. See `meta_files`."""
        if way is not Way.DIRECT_MESSAGE:
            return None
        return INSTAGRAM_LOGIN if options.get("login") == "instagram" else INSTAGRAM_THROUGH_PAGE

    @staticmethod
    def text_length(text: str, way: Way) -> int:
        """Bytes of UTF-8 in private, characters in public."""
        return len(text.encode("utf-8", "replace")) if way in _PRIVATE else len(text)

    @staticmethod
    def text_limit(way: Way) -> int:
        """1,000 bytes in a message, 2,200 characters in a comment."""
        return MESSAGE_LIMIT_BYTES if way in _PRIVATE else COMMENT_LIMIT

    def answer_challenge(self, query: Mapping[str, str]) -> str | None:
        """`hub.challenge`, where `hub.verify_token` is ours."""
        return challenge_answer(query, self._credentials.get("verify_token"))

    def signature_fits(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Signed with a configured app secret; which of two apps signs under Instagram login is not documented."""
        names = ("app_secret", "facebook_app_secret", "instagram_app_secret")
        return signed_by_any((self._credentials.get(name) for name in names), headers, body)

    def read_push(self, body: bytes, now: datetime) -> Page:
        """Comments, mentions and direct messages."""

        def change(field: str, value: Mapping[str, Any], at: datetime, collected: Collected) -> None:
            if field in ("comments", "live_comments"):
                collected.add((pushed_comment(value, self._own_ids, at),))
            elif field == "mentions":
                pushed_mention(value, at, collected, readable=self._by_facebook)

        return read_envelope(body, self._own_ids, change, now)
