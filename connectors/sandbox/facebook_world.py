"""The shop's Facebook page: posts, comments, Messenger threads, and everything that can happen there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.people import Person
from connectors.sandbox.scene import Happening, Scene, verb
from connectors.sandbox.threads import PrivateMessage, Threads

Json = Any
PAGE_ID = "370900000000017"
PAGE_NAME = "Glückspilz"
PHOTO = {"type": "photo", "url": "https://cdn.sandbox.invalid/foto.jpg", "width": 720, "height": 403}
_STATUS_TYPES = {"reel": "added_video", "ad": "added_photos", "visitor": "wall_post", "tagged": "mobile_status_update"}


@dataclass(eq=False)
class Post:
    """A post by the page (`author` None) or by somebody else on it or about it."""

    id: str
    kind: str
    """published, ad, reel, visitor or tagged."""
    author: Person | None
    text: str
    created_at: datetime
    updated_at: datetime
    comments: list[Comment] = field(default_factory=list)
    private_reply_used: bool = False
    published: bool = True

    @property
    def permalink(self) -> str:
        """Where people see it."""
        return f"https://www.facebook.com/{PAGE_ID}/posts/{self.id.rpartition('_')[2]}"


@dataclass(eq=False)
class Comment:
    """A comment by the page (`author` None) or by a person."""

    id: str
    """POST_COMMENT, the post without its page."""
    post: Post
    parent: Comment | None
    author: Person | None
    text: str
    created_at: datetime
    attachment: dict[str, Json] | None = None
    replies: list[Comment] = field(default_factory=list)
    hidden: bool = False
    withheld: bool = False
    """Filtered out of pages after they were cut: the page comes shorter."""
    private_reply_used: bool = False
    private_thread_id: str | None = None
    liked: bool = False
    by_app: bool = False

    @property
    def short_id(self) -> str:
        """The other spelling: without the post."""
        return self.id.rpartition("_")[2]


class FacebookWorld:
    """One page. Verbs return the ids the platform gave."""

    platform = "facebook"
    page_id = PAGE_ID
    page_name = PAGE_NAME

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.posts: dict[str, Post] = {}
        self.comments: dict[str, Comment] = {}
        """By the short spelling."""
        self.threads = Threads(scene.identifiers, "t_", "m_")
        self.refuses_duplicates = False
        """Answer 506 to the same text on the same target within five minutes; off, so that double sends show."""

    # -- what people and staff do --------------------------------------------------------------------------------

    @verb
    def post(self, text: str, at: datetime | str | None = None, kind: str = "published") -> str:
        """A post of the page itself: `published`, `ad` (dark post) or `reel`."""
        return self._add_post(None, text, kind, at)

    @verb
    def visitor_post(self, person: Person | str, text: str, at: datetime | str | None = None) -> str:
        """Somebody writes on the page."""
        return self._add_post(self.scene.people.person(person), text, "visitor", at)

    @verb
    def tagged_post(self, person: Person | str, text: str, at: datetime | str | None = None) -> str:
        """Somebody names the page in a post of their own."""
        return self._add_post(self.scene.people.person(person), text, "tagged", at)

    @verb
    def comment(
        self,
        post: str,
        person: Person | str,
        text: str,
        parent: str | None = None,
        at: datetime | str | None = None,
        photo: bool = False,
    ) -> str:
        """Somebody comments on a post, or replies to the comment `parent`. A photo comment may have no text."""
        author = self.scene.people.person(person)
        attachment = dict(PHOTO) if photo else None
        return self.add_comment(post, author, text, parent=parent, at=at, attachment=attachment).id

    @verb
    def edit_comment(self, comment: str, text: str) -> None:
        """The author changes the text."""
        item = self._comment(comment)
        item.text = text
        self._tell("comment_edited", item)

    @verb
    def delete_comment(self, comment: str) -> None:
        """The comment and its replies vanish."""
        item = self._comment(comment)
        self.remove_comment(item)

    @verb
    def hide_comment(self, comment: str, hidden: bool = True) -> None:
        """Staff hide (or show) a comment in the platform's own app."""
        item = self._comment(comment)
        item.hidden = hidden
        self._tell("comment_hidden" if hidden else "comment_shown", item)

    @verb
    def delete_post(self, post: str) -> None:
        """The post and its comments vanish."""
        item = self.posts.pop(post)
        for comment in item.comments:
            self.comments.pop(comment.short_id, None)
        self._tell("post_removed", item)

    @verb
    def message(
        self,
        person: Person | str,
        text: str,
        at: datetime | str | None = None,
        attachments: list[dict[str, Json]] | None = None,
    ) -> str:
        """Somebody writes to the page in Messenger."""
        author = self.scene.people.person(person)
        return self.add_message(author, text, at, own=False, attachments=attachments or []).id

    @verb
    def edit_message(self, message: str, text: str) -> None:
        """The author changes a message."""
        item = self.threads.messages[message]
        item.text = text
        item.edits += 1
        self._tell("message_edited", item)

    @verb
    def unsend(self, message: str) -> None:
        """The author takes a message back."""
        item = self.threads.messages[message]
        self.threads.remove(item)
        self._tell("message_unsent", item)

    @verb
    def native_reply(self, target: str, text: str, at: datetime | str | None = None) -> str:
        """Staff answer in the platform's own app: `target` is a comment, a post, a thread or a person."""
        if target in self.posts:
            return self.add_comment(target, None, text, at=at).id
        if self.find_comment(target) is not None:
            parent = self._comment(target)
            return self.add_comment(parent.post.id, None, text, parent=parent.id, at=at).id
        thread = self.threads.by_id.get(target)
        person = thread.person if thread is not None else self.scene.people.person(target)
        return self.add_message(person, text, at, own=True).id

    # -- the store, used by the verbs and by the API -------------------------------------------------------------

    def find_comment(self, key: str) -> Comment | None:
        """By either spelling; a spelling with a foreign post does not fit."""
        post, _, short = key.rpartition("_")
        found = self.comments.get(short)
        if found is None or (post and post not in (found.id.rpartition("_")[0], found.post.id)):
            return None
        return found

    def add_comment(
        self,
        post: str,
        author: Person | None,
        text: str,
        *,
        parent: str | None = None,
        at: datetime | str | None = None,
        attachment: dict[str, Json] | None = None,
        by_app: bool = False,
    ) -> Comment:
        """Store a comment and tell everybody."""
        item = self.posts[post]
        above = self._comment(parent) if parent else None
        moment = self.scene.moment(at)
        comment_id = f"{item.id.rpartition('_')[2]}_{self.scene.identifiers.number('75', 15)}"
        comment = Comment(comment_id, item, above, author, text, moment, attachment, by_app=by_app)
        _insert_by_time(item.comments, comment)
        if above is not None:
            _insert_by_time(above.replies, comment)
        item.updated_at = max(item.updated_at, moment)
        self.comments[comment.short_id] = comment
        self._tell("comment_added", comment)
        return comment

    def remove_comment(self, comment: Comment) -> None:
        """Take a comment and all replies below it out of the world."""
        for reply in list(comment.replies):
            self.remove_comment(reply)
        comment.post.comments.remove(comment)
        if comment.parent is not None:
            comment.parent.replies.remove(comment)
        del self.comments[comment.short_id]
        self._tell("comment_removed", comment)

    def add_message(
        self, person: Person, text: str, at: datetime | str | None, *, own: bool, **details: Any
    ) -> PrivateMessage:
        """Store a private message and tell everybody."""
        message = self.threads.add(person, text, self.scene.moment(at), own=own, **details)
        self._tell("message_added", message)
        return message

    def same_text_lately(self, target: Post | Comment, text: str) -> bool:
        """The page wrote these words to this target within five minutes."""
        near = target.comments if isinstance(target, Post) else target.replies
        since = self.scene.now() - timedelta(minutes=5)
        return any(c.author is None and c.text == text and c.created_at >= since for c in near)

    def _add_post(self, author: Person | None, text: str, kind: str, at: datetime | str | None) -> str:
        moment = self.scene.moment(at)
        post_id = f"{PAGE_ID}_{self.scene.identifiers.number('69', 15)}"
        post = Post(post_id, kind, author, text, moment, moment)
        self.posts[post_id] = post
        self._tell("post_added", post)
        return post_id

    def _comment(self, key: str) -> Comment:
        found = self.find_comment(key)
        if found is None:
            raise KeyError(f"no comment {key} on the page")
        return found

    def _tell(self, name: str, item: Any) -> None:
        self.scene.tell(Happening(self.platform, self.page_id, name, item, self.scene.now()))


def status_type(post: Post) -> str:
    """Meta's word for the kind of post."""
    return _STATUS_TYPES.get(post.kind, "mobile_status_update")


def _insert_by_time(items: list[Comment], comment: Comment) -> None:
    position = len(items)
    while position and items[position - 1].created_at > comment.created_at:
        position -= 1
    items.insert(position, comment)
