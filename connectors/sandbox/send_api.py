"""The Send API of Messenger and Instagram: windows, tags, private replies, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connectors.sandbox.facebook_nodes import PRIVATE_REPLY_WINDOW, can_reply, within_human_agent_window
from connectors.sandbox.facebook_world import FacebookWorld
from connectors.sandbox.graph_errors import graph_error, invalid_parameter
from connectors.sandbox.graph_nodes import View
from connectors.sandbox.instagram_world import InstagramWorld
from connectors.sandbox.message_files import MessageFiles
from connectors.sandbox.people import Person
from connectors.sandbox.wire import Call, Refusal

if TYPE_CHECKING:
    from connectors.sandbox.graph_server import GraphServer

Json = Any
MESSENGER_LIMIT = 2000
"""Characters."""
INSTAGRAM_LIMIT = 1000
"""Bytes of UTF-8."""
METADATA_LIMIT = 1000
_TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
_ACTIONS = ("typing_on", "typing_off", "mark_seen", "react", "unreact")
_DEAD_TAGS = ("ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE")
_ATTACHMENTS = ("image", "audio", "video", "file", "template")


class SendApi:
    """`POST /{page}/messages`, and `/{instagram}/messages` under Instagram Login."""

    def __init__(self, server: GraphServer) -> None:
        self._server = server
        self._scene = server.scene
        self.files = MessageFiles(server.scene.identifiers)
        self.human_agent_approved = True
        """The app holds the feature "Human Agent"; without it the tag is refused with 100/2018276."""

    def send(self, call: Call, view: View) -> Json:
        """Deliver one message or refuse it."""
        recipient = _object(call, "recipient")
        if not recipient:
            raise invalid_parameter("The parameter recipient is required")
        action = call.value("sender_action")
        if action is not None:
            return self._act(call, str(action), recipient, view)
        message = _object(call, "message")
        kind = str(call.value("messaging_type") or "RESPONSE")
        if kind not in _TYPES:
            raise invalid_parameter(f"Param messaging_type must be one of {{{', '.join(_TYPES)}}}")
        if "comment_id" in recipient or "post_id" in recipient:
            return self._reply_privately(recipient, message, view)
        world, person = self._person(recipient, view)
        text = self._text(message, world)
        self._check_window(call, kind, world, person)
        return self._deliver(world, person, text, message, "direct_message", None)

    def _act(self, call: Call, action: str, recipient: dict[str, Json], view: View) -> Json:
        if action not in _ACTIONS:
            raise invalid_parameter(f"Param sender_action must be one of {{{', '.join(_ACTIONS)}}}")
        if call.value("message") is not None:
            raise invalid_parameter("sender_action must be sent alone")
        _, person = self._person(recipient, view)
        return {"recipient_id": str(recipient.get("id", person.facebook_id))}

    # -- private replies -----------------------------------------------------------------------------------------

    def _reply_privately(self, recipient: dict[str, Json], message: dict[str, Json], view: View) -> Json:
        key = str(recipient.get("comment_id") or recipient.get("post_id"))
        world, target = self._target(key, "comment_id" in recipient, view)
        text = self._text(message, world)
        written = target.timestamp if isinstance(world, InstagramWorld) else target.created_at
        if target.private_reply_used:
            raise graph_error(10900, "(#10900) Activity already replied to")
        if target.author is None or self._scene.now() - written > PRIVATE_REPLY_WINDOW:
            raise graph_error(10902, "(#10902) Activity is not replyable")
        if target.author.unavailable:
            raise graph_error(10903, "(#10903) This user cannot reply to this activity")
        target.private_reply_used = True
        answer = self._deliver(world, target.author, text, message, "private_reply", key)
        if isinstance(world, FacebookWorld) and "comment_id" in recipient:
            thread = world.threads.of(target.author)
            target.private_thread_id = thread.id if thread else None
        return answer

    def _target(self, key: str, comment: bool, view: View) -> tuple[FacebookWorld | InstagramWorld, Any]:
        instagram = self._instagram(view)
        if comment and key in instagram.comments:
            return instagram, instagram.comments[key]
        if view.flavour == "facebook":
            world = self._server.facebook.world
            if not comment:
                post = world.posts.get(key)
                if post is not None and post.kind in ("visitor", "tagged"):
                    return world, post
            elif key.count("_") == 1:
                found = world.find_comment(key)
                if found is not None:
                    return world, found
        raise graph_error(100, "(#100) Invalid comment_id", subcode=2018292)

    # -- messages in a thread ------------------------------------------------------------------------------------

    def _person(self, recipient: dict[str, Json], view: View) -> tuple[FacebookWorld | InstagramWorld, Person]:
        number = str(recipient.get("id", ""))
        person = self._scene.people.by_id(number)
        world: FacebookWorld | InstagramWorld | None = None
        if person is not None and number == person.instagram_id:
            world = self._instagram(view)
        elif person is not None and number == person.facebook_id and view.flavour == "facebook":
            world = self._server.facebook.world
        if person is None or world is None or world.threads.of(person) is None:
            raise graph_error(100, "(#100) No matching user found", subcode=2018001)
        return world, person

    def _check_window(self, call: Call, kind: str, world: FacebookWorld | InstagramWorld, person: Person) -> None:
        if person.unavailable:
            raise graph_error(551, "(#551) This person isn't available right now.", subcode=1545041)
        thread = world.threads.of(person)
        assert thread is not None
        if thread.owned_elsewhere:
            raise graph_error(100, "(#100) The app is not the thread owner", subcode=2534037)
        tag = call.value("tag")
        now = self._scene.now()
        if kind == "MESSAGE_TAG":
            if tag in _DEAD_TAGS or tag != "HUMAN_AGENT":
                raise invalid_parameter("Invalid message tag")
            if not self.human_agent_approved:
                raise graph_error(
                    100, "(#100) Cannot tag messages with 'HUMAN_AGENT' without prior approval.", subcode=2018276
                )
            if not within_human_agent_window(thread, now):
                raise _outside(world)
        elif not can_reply(thread, now):
            raise _outside(world)

    def _text(self, message: dict[str, Json], world: FacebookWorld | InstagramWorld) -> str:
        text, attachment = message.get("text"), message.get("attachment")
        if not text and not attachment:
            raise invalid_parameter("Message cannot be empty, must provide valid attachment or text")
        if text and attachment:
            raise invalid_parameter("Message must have either text or an attachment, not both")
        if attachment is not None and (not isinstance(attachment, dict) or attachment.get("type") not in _ATTACHMENTS):
            raise invalid_parameter("Param message[attachment] must have a valid type")
        if isinstance(attachment, dict):
            self.files.look_at(attachment)
        words = "" if text is None else str(text)
        if isinstance(world, InstagramWorld):
            if len(words.encode()) > INSTAGRAM_LIMIT:
                raise invalid_parameter("Length of param message[text] must be less than or equal to 1000 bytes")
        elif len(words) > MESSENGER_LIMIT:
            raise invalid_parameter("Length of param message[text] must be less than or equal to 2000")
        if len(str(message.get("metadata") or "")) >= METADATA_LIMIT:
            raise invalid_parameter("Length of param message[metadata] must be less than 1000")
        return words

    def _deliver(
        self,
        world: FacebookWorld | InstagramWorld,
        person: Person,
        text: str,
        message: dict[str, Json],
        action: str,
        target: str | None,
    ) -> Json:
        attachment = message.get("attachment")
        attachments, media = [], []
        if isinstance(attachment, dict):
            payload = attachment.get("payload") or {}
            attachments = [{"type": attachment["type"], "url": str(payload.get("url", "https://cdn.sandbox.invalid/"))}]
            media = self.files.taken(attachment)
        sent = world.add_message(
            person, text, None, own=True, by_app=True, metadata=message.get("metadata"), attachments=attachments
        )
        number = person.instagram_id if isinstance(world, InstagramWorld) else person.facebook_id
        self._scene.accepted(
            world.platform, action, sent.id, target=target or number, conversation=sent.thread.id, person=number,
            text=text, metadata=message.get("metadata"), attachments=attachments, media=media,
        )  # fmt: skip
        return {"recipient_id": number, "message_id": sent.id}

    def _instagram(self, view: View) -> InstagramWorld:
        if view.flavour == "instagram":
            return self._server.instagrams[view.token.subject].world
        return self._server.through_page.world


def _outside(world: FacebookWorld | InstagramWorld) -> Refusal:
    subcode = 2534022 if isinstance(world, InstagramWorld) else 2018278
    return graph_error(10, "(#10) This message is sent outside of allowed window.", subcode=subcode, status=400)


def _object(call: Call, name: str) -> dict[str, Json]:
    """A parameter that is an object: real in a JSON body, JSON text in a form."""
    value = call.value(name)
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise graph_error(100, f"(#100) Param {name} must be a JSON object") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid_parameter(f"Param {name} must be an object")
    return value
