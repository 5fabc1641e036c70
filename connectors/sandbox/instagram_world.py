"""An Instagram professional account: media, comments, mentions, tags, stories, direct messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.sandbox.people import Person
from connectors.sandbox.scene import Happening, Scene, verb
from connectors.sandbox.threads import PrivateMessage, Threads

Json = Any


@dataclass(eq=False)
class Media:
    """A picture or film; `owner` None is the shop's own."""

    id: str
    owner: Person | None
    caption: str
    timestamp: datetime
    comments: list[IgComment] = field(default_factory=list)
    """Top level, chronological."""
    tagged: bool = False
    """The shop was photo-tagged in it."""
    product_type: str = "FEED"
    comments_enabled: bool = True

    @property
    def permalink(self) -> str:
        """Where people see it."""
        return f"https://www.instagram.com/p/{self.id[-11:]}/"

    def comments_count(self) -> int:
        """All levels."""
        return sum(1 + len(comment.replies) for comment in self.comments)


@dataclass(eq=False)
class IgComment:
    """A comment; `author` None is the shop."""

    id: str
    media: Media
    parent: IgComment | None
    author: Person | None
    text: str
    timestamp: datetime
    replies: list[IgComment] = field(default_factory=list)
    hidden: bool = False
    withheld: bool = False
    private_reply_used: bool = False
    by_app: bool = False


class InstagramWorld:
    """One account, reached through its page ("facebook") or by its own login ("instagram")."""

    platform = "instagram"

    def __init__(self, scene: Scene, flavour: str, account_id: str, username: str) -> None:
        self.scene = scene
        self.flavour = flavour
        self.account_id = account_id
        self.username = username
        self.scoped_id = "26" + account_id[-14:]
        """The app-scoped id: what `/me?fields=id` says under Instagram Login, and wrong for most edges."""
        self.media_items: dict[str, Media] = {}
        self.comments: dict[str, IgComment] = {}
        self.threads = Threads(scene.identifiers, "aWdf", "aWdfZAG1faXRlbToxOk")

    # -- what people and staff do --------------------------------------------------------------------------------

    @verb
    def media(self, caption: str, at: datetime | str | None = None, product_type: str = "FEED") -> str:
        """The shop publishes a picture."""
        return self._add_media(None, caption, at, product_type=product_type)

    @verb
    def comment(
        self, media: str, person: Person | str, text: str, parent: str | None = None, at: datetime | str | None = None
    ) -> str:
        """Somebody comments on media, or replies to the comment `parent`."""
        author = self.scene.people.person(person)
        return self.add_comment(self.media_items[media], author, text, parent=parent, at=at).id

    @verb
    def reply(self, comment: str, person: Person | str, text: str, at: datetime | str | None = None) -> str:
        """Somebody replies to a comment; it hangs on the top-level comment."""
        above = self.comments[comment]
        author = self.scene.people.person(person)
        return self.add_comment(above.media, author, text, parent=comment, at=at).id

    @verb
    def edit_comment(self, comment: str, text: str) -> None:
        """The text changes, silently: Instagram has no event for it."""
        self.comments[comment].text = text

    @verb
    def delete_comment(self, comment: str) -> None:
        """The comment and its replies vanish, silently."""
        self.remove_comment(self.comments[comment])

    @verb
    def hide_comment(self, comment: str, hidden: bool = True) -> None:
        """Staff hide or show a comment in the app."""
        self.comments[comment].hidden = hidden

    @verb
    def mention(self, person: Person | str, text: str, at: datetime | str | None = None, caption: bool = False) -> str:
        """Somebody names the shop under their own picture (or in its caption). Returns comment or media id."""
        author = self.scene.people.person(person)
        named = text if f"@{self.username}" in text else f"@{self.username} {text}"
        media = self.media_items[self._add_media(author, named if caption else "☀️", at)]
        if caption:
            self._tell("mentioned", (media, None))
            return media.id
        comment = self.add_comment(media, author, named, at=at, quiet=True)
        self._tell("mentioned", (media, comment))
        return comment.id

    @verb
    def tag(self, person: Person | str, caption: str, at: datetime | str | None = None) -> str:
        """Somebody tags the shop in their picture."""
        return self._add_media(self.scene.people.person(person), caption, at, tagged=True)

    @verb
    def message(
        self,
        person: Person | str,
        text: str,
        at: datetime | str | None = None,
        attachments: list[dict[str, Json]] | None = None,
        unsupported: bool = False,
    ) -> str:
        """Somebody writes a direct message."""
        author = self.scene.people.person(person)
        details = {"attachments": attachments or [], "unsupported": unsupported}
        return self.add_message(author, text, at, own=False, **details).id

    @verb
    def story_reply(self, person: Person | str, text: str, at: datetime | str | None = None) -> str:
        """Somebody answers the shop's story; it arrives as a direct message."""
        story = {"reply_to": {"id": self._number(), "link": "https://cdn.sandbox.invalid/story.jpg"}}
        return self.add_message(self.scene.people.person(person), text, at, own=False, story=story).id

    @verb
    def story_mention(self, person: Person | str, at: datetime | str | None = None) -> str:
        """Somebody names the shop in their story; it arrives as a direct message without text."""
        story = {"mention": {"id": self._number(), "link": "https://cdn.sandbox.invalid/story.jpg"}}
        return self.add_message(self.scene.people.person(person), "", at, own=False, story=story).id

    @verb
    def unsend(self, message: str) -> None:
        """The author takes a message back."""
        item = self.threads.messages[message]
        self.threads.remove(item)
        self._tell("message_unsent", item)

    @verb
    def native_reply(self, target: str, text: str, at: datetime | str | None = None) -> str:
        """Staff answer in the app: `target` is a comment, media, a thread or a person."""
        if target in self.media_items:
            return self.add_comment(self.media_items[target], None, text, at=at).id
        if target in self.comments:
            return self.add_comment(self.comments[target].media, None, text, parent=target, at=at).id
        thread = self.threads.by_id.get(target)
        person = thread.person if thread is not None else self.scene.people.person(target)
        return self.add_message(person, text, at, own=True).id

    # -- the store, used by the verbs and by the API -------------------------------------------------------------

    def add_comment(
        self,
        media: Media,
        author: Person | None,
        text: str,
        *,
        parent: str | None = None,
        at: datetime | str | None = None,
        by_app: bool = False,
        quiet: bool = False,
    ) -> IgComment:
        """Store a comment; a reply to a reply is attached to the top-level comment."""
        above = self.comments[parent] if parent else None
        if above is not None and above.parent is not None:
            above = above.parent
        comment = IgComment(self._number(), media, above, author, text, self.scene.moment(at), by_app=by_app)
        siblings = media.comments if above is None else above.replies
        siblings.append(comment)
        siblings.sort(key=lambda item: item.timestamp)
        self.comments[comment.id] = comment
        if not quiet and media.owner is None:
            self._tell("comment_added", comment)
        return comment

    def remove_comment(self, comment: IgComment) -> None:
        """Take a comment and its replies out of the world."""
        for reply in comment.replies:
            self.comments.pop(reply.id, None)
        (comment.media.comments if comment.parent is None else comment.parent.replies).remove(comment)
        del self.comments[comment.id]

    def add_message(
        self, person: Person, text: str, at: datetime | str | None, *, own: bool, **details: Any
    ) -> PrivateMessage:
        """Store a private message and tell everybody."""
        message = self.threads.add(person, text, self.scene.moment(at), own=own, **details)
        self._tell("message_added", message)
        return message

    def _add_media(
        self,
        owner: Person | None,
        caption: str,
        at: datetime | str | None,
        *,
        tagged: bool = False,
        product_type: str = "FEED",
    ) -> str:
        media = Media(self._number(), owner, caption, self.scene.moment(at), [], tagged, product_type)
        self.media_items[media.id] = media
        return media.id

    def _number(self) -> str:
        return self.scene.identifiers.number("178", 17)

    def _tell(self, name: str, item: Any) -> None:
        self.scene.tell(Happening(self.platform, self.account_id, name, item, self.scene.now()))
