"""Adding a picture in a real browser: chosen, pasted, described, taken away, refused with words, sent."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from inbox.db import reading
from inbox.models import Attachment, OutboxItem
from tests.browser import demo
from tests.browser.conftest import Desk, Open
from tests.browser.test_accessible import findings
from tests.inbox.pictures import PDF, png

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]

PICTURE = {"name": "kleid.png", "mimeType": "image/png", "buffer": png()}
PASTE = """bytes => {
  const held = new DataTransfer();
  held.items.add(new File([new Uint8Array(bytes)], "bild.png", { type: "image/png" }));
  const paste = new ClipboardEvent("paste", { clipboardData: held, bubbles: true, cancelable: true });
  document.querySelector("#reply-text").dispatchEvent(paste);
}"""


def at(desk: Desk, page: Any, name: str) -> None:
    page.goto(f"{desk.address}/conversations/{demo.conversation_id(desk.runtime, name)}")


def sent(desk: Desk, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Text, and name and description of each file, of what our people queued."""
    number = demo.conversation_id(desk.runtime, name)
    with reading(desk.runtime.sessions) as session:
        items = session.scalars(
            select(OutboxItem).where(OutboxItem.conversation_id == number, OutboxItem.origin == "agent")
        ).all()
        return [
            (
                item.text,
                [
                    (file.name, file.alternative_text)
                    for file in session.scalars(select(Attachment).where(Attachment.outbox_id == item.id))
                ],
            )
            for item in items
        ]


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (360, 740)])
def test_a_picture_is_shown_described_removed_and_sent(desk: Desk, page_of: Open, width: int, height: int) -> None:
    """On X, which keeps a description."""
    page = page_of(desk, "/inbox", width=width, height=height)
    at(desk, page, "m-clara")
    page.check("input[name=way][value=public_reply]", force=True)
    page.set_input_files("#files", [PICTURE, {**PICTURE, "name": "zweites.png"}])
    assert page.locator(".chosen-file").count() == 2
    page.locator(".chosen-file img[src^='data:image/png']").first.wait_for()
    page.get_by_label("Was kleid.png zeigt").fill("Ein blaues Kleid")
    page.get_by_label("zweites.png entfernen").press("Enter")
    assert page.locator(".chosen-file").count() == 1
    assert page.get_by_label("Was kleid.png zeigt").input_value() == "Ein blaues Kleid"
    assert "bis 5 MB" in page.locator("#takes").inner_text()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.fill("#reply-text", "So sieht es aus:")
    page.click("#send")
    page.locator("article.ours .attachment a", has_text="kleid.png").wait_for()
    assert sent(desk, "m-clara") == [("So sieht es aus:", [("kleid.png", "Ein blaues Kleid")])]


def test_a_pasted_picture_goes_after_the_words_where_the_platform_wants_two_messages(desk: Desk, page_of: Open) -> None:
    page = page_of(desk, "/inbox")
    at(desk, page, "d-nina")
    page.evaluate(PASTE, list(png()))
    page.locator(".chosen-file").wait_for()
    assert "als eigene Nachrichten" in page.locator("#takes").inner_text()
    page.fill("#reply-text", "So sieht es aus:")
    page.click("#send")
    page.locator("article.ours .attachment a").wait_for()
    assert sent(desk, "d-nina") == [("So sieht es aus:", []), ("", [("bild.png", "")])]


def test_a_picture_alone_can_be_sent(desk: Desk, page_of: Open) -> None:
    page = page_of(desk, "/inbox")
    at(desk, page, "d-daniel")
    page.set_input_files("#files", [PICTURE])
    page.click("#send")
    page.locator("article.ours .attachment a").wait_for()
    assert sent(desk, "d-daniel") == [("", [("kleid.png", "")])]


def test_where_nothing_is_taken_it_says_why_and_what_is_refused_stays(desk: Desk, page_of: Open) -> None:
    page = page_of(desk, "/inbox")
    at(desk, page, "m-clara")
    page.check("input[name=way][value=note]", force=True)
    assert page.locator("#files").is_disabled()
    page.check("input[name=way][value=public_reply]", force=True)
    page.set_input_files("#files", [{"name": "plan.pdf", "mimeType": "application/pdf", "buffer": PDF}])
    assert "plan.pdf wird hier nicht genommen." in page.locator("#takes.late").inner_text()
    page.fill("#reply-text", "Hier der Plan")
    page.click("#send")
    alert = page.locator(".refusals[role=alert]")
    assert "die Plattform nimmt hier JPEG, PNG, WebP" in alert.inner_text()
    assert page.input_value("#reply-text") == "Hier der Plan"
    page.get_by_label("plan.pdf entfernen").click()
    page.click("#send")
    page.locator("article.ours", has_text="Hier der Plan").wait_for()
    assert sent(desk, "m-clara") == [("Hier der Plan", [])]
