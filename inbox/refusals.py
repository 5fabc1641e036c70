"""What a platform refuses for ever, said so that a person knows what to do instead."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from connectors.base import RefusalReason
from inbox.models import Contact, Message, OutboxItem

SENTENCES = {
    RefusalReason.WINDOW_CLOSED: "The reply window is closed. Answer publicly, or wait until the person writes again.",
    RefusalReason.ALREADY_REPLIED_PRIVATELY: "This comment has had its one private reply, perhaps from a colleague in "
    "the platform's app. Wait for the person's answer, or reply publicly.",
    RefusalReason.NOT_SUMMONED: "The platform lets programs answer only where the author mentioned us. Answer in the "
    "platform's own app.",
    RefusalReason.PERSON_UNAVAILABLE: "This person cannot be reached privately: they blocked us, left, or take no "
    "messages. Reply publicly.",
    RefusalReason.DUPLICATE: "The platform has the same text already. Change the words if it must be said again.",
    RefusalReason.TOO_LONG: "The platform finds it too long. Shorten it.",
    RefusalReason.TARGET_GONE: "The message you answer is no longer there.",
    RefusalReason.NOT_REPLYABLE: "The platform does not allow an answer to this message.",
    RefusalReason.NOT_PERMITTED: "Our account lacks the permission. See the account's page for what to do.",
    RefusalReason.ATTACHMENT_REFUSED: "The platform does not take this attachment. Send the text without it.",
    RefusalReason.INVALID: "The platform found the request invalid.",
}


def sentence(reason: RefusalReason, said: str) -> str:
    """What to do, and what the platform said."""
    return f"{SENTENCES[reason]} (The platform: {said})"


def note(session: Session, item: OutboxItem, reason: RefusalReason, now: datetime) -> None:
    """Remember what a refusal teaches, so that the same door is not offered again."""
    if reason is RefusalReason.PERSON_UNAVAILABLE and item.contact_id is not None:
        session.execute(update(Contact).where(Contact.id == item.contact_id).values(unavailable_at=now))
    if reason is RefusalReason.ALREADY_REPLIED_PRIVATELY and item.target_external_id is not None:
        session.execute(
            update(Message)
            .where(Message.account_id == item.account_id, Message.external_id == item.target_external_id)
            .values(can_reply_privately=False)
        )
