"""What people do all day, in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from connectors.base import Kind
from inbox import conversations, replies
from inbox.db import reading, writing
from inbox.models import Conversation, OutboxItem
from tests.browser import demo
from tests.browser.cast import FB, JANA, NINA, Said
from tests.browser.conftest import Desk, Open

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]


def outbox_of(desk: Desk, name: str) -> list[OutboxItem]:
    """What our people have put into the outbox for a conversation of the cast."""
    number = demo.conversation_id(desk.runtime, name)
    with reading(desk.runtime.sessions) as session:
        found = session.scalars(
            select(OutboxItem).where(OutboxItem.conversation_id == number, OutboxItem.origin == "agent")
        )
        return list(found)


def status_of(desk: Desk, name: str) -> str:
    """The status as it is stored."""
    with reading(desk.runtime.sessions) as session:
        return session.scalars(select(Conversation.status).where(Conversation.external_id == name)).one()


def open_conversation(page: Any, name: str) -> None:
    """Clicks the person in the list and waits for the conversation."""
    page.locator("#rows a.who", has_text=name).click()
    page.locator(".conversation h1", has_text=name).wait_for()


def test_sign_in_accept_answer_resolve(desk: Desk, page_of: Open) -> None:
    """The whole path: sign in by the form, accept the most urgent suggestion, answer, resolve, sign out."""
    page = page_of(desk, "/", email=None)
    page.fill("#email", demo.ANNA)
    page.fill("#password", demo.PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/inbox")
    open_conversation(page, "Bernd Überacker")
    page.locator(".suggestion mark, .message mark").first.wait_for()
    page.locator(".suggestion button[data-key=y]").click()
    page.locator("article.ours").first.wait_for()
    sent = outbox_of(desk, "c-bernd")
    assert sorted(item.visibility for item in sent) == ["private", "public"]
    assert page.locator(".suggestion").count() == 0
    page.click("button[data-key=e]")
    page.locator(".conversation-head", has_text="Erledigt").wait_for()
    assert status_of(desk, "c-bernd") == "resolved"
    page.click("details.menu summary[title='anna@shop.example']")
    page.click("text=Abmelden")
    page.wait_for_url("**/sign-in")
    page.goto(desk.address + "/inbox")
    assert "/sign-in" in page.url


def test_wrong_password_says_what_to_do(desk: Desk, page_of: Open) -> None:
    """The same sentence whether the address or the password is wrong."""
    page = page_of(desk, "/sign-in", email=None)
    page.fill("#email", demo.ANNA)
    page.fill("#password", "not the password")
    page.click("button.primary")
    assert "passen nicht zusammen" in page.locator("[role=alert]").inner_text()
    assert page.input_value("#email") == demo.ANNA


def test_keyboard_alone(desk: Desk, page_of: Open) -> None:
    """Move, answer privately, send with Ctrl+Enter, resolve: without a mouse."""
    page = page_of(desk, "/inbox")
    page.keyboard.press("j")
    page.locator(".conversation h1").wait_for()
    first = page.locator(".conversation h1").inner_text()
    page.keyboard.press("j")
    page.wait_for_function("first => document.querySelector('.conversation h1').innerText !== first", arg=first)
    page.keyboard.press("k")
    page.wait_for_function("first => document.querySelector('.conversation h1').innerText === first", arg=first)
    assert first.startswith("Jana"), "a crisis stands before all others"
    page.keyboard.press("j")
    page.wait_for_function("() => document.querySelector('.conversation h1').innerText === 'Nina'")
    page.keyboard.press("r")
    page.keyboard.type("Der Versand nach Zürich kostet 14,90 €.")
    page.keyboard.press("Control+Enter")
    page.locator("article.ours", has_text="14,90").wait_for()
    assert [item.text for item in outbox_of(desk, "d-nina")] == ["Der Versand nach Zürich kostet 14,90 €."]
    assert page.input_value("#reply-text") == ""
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.locator(".conversation-head", has_text="Erledigt").wait_for()
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()


def test_labels_people_search_and_suggestions_by_key(desk: Desk, page_of: Open) -> None:
    """The other keys: `a` assigns, `l` labels, `/` searches, `n` dismisses, `y` accepts."""
    page = page_of(desk, "/inbox")
    open_conversation(page, "Nina")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.locator("#conversation-head summary", has_text="Anna").wait_for()
    for label in ("schweiz", "versand"):
        page.keyboard.press("l")
        page.keyboard.type(label)
        page.keyboard.press("Enter")
        page.locator("#side .chip", has_text=label).wait_for()
    assert page.locator("#side .chip").all_inner_texts() == ["schweiz", "versand"]
    page.keyboard.press("/")
    page.keyboard.type("Frechheit")
    page.keyboard.press("Enter")
    page.locator("#list-head", has_text="Suche: Frechheit").wait_for()
    page.keyboard.press("j")
    page.locator(".conversation h1", has_text="Bernd").wait_for()
    page.keyboard.press("n")
    page.locator(".suggestion").wait_for(state="detached")
    page.goto(desk.address + f"/conversations/{demo.conversation_id(desk.runtime, 'm-tom')}")
    page.keyboard.press("y")
    page.locator("article.ours").first.wait_for()
    assert outbox_of(desk, "m-tom")


def test_words_survive_loading_anew_and_an_ended_sign_in(desk: Desk, page_of: Open) -> None:
    """Who reads them is kept too; once sent, they are gone; another person never finds them."""
    number = demo.conversation_id(desk.runtime, "c-greta")
    page = page_of(desk, f"/conversations/{number}")
    page.check("input[data-visibility=note]", force=True)
    page.fill("#reply-text", "Preis bei Cleo erfragen")
    page.reload()
    assert page.input_value("#reply-text") == "Preis bei Cleo erfragen"
    assert page.is_checked("input[data-visibility=note]")
    page.context.add_cookies([{"name": "zuruf_session", "value": "ended", "url": desk.address}])
    page.click("#send")
    page.locator("text=Ihre Anmeldung ist abgelaufen").wait_for()
    page.fill("#email", demo.BEN)
    page.fill("#password", demo.PASSWORD)
    page.click("button.primary")
    page.wait_for_url(f"**/conversations/{number}")
    assert page.input_value("#reply-text") == ""
    page.context.add_cookies([{"name": "zuruf_session", "value": desk.sign_in(demo.ANNA), "url": desk.address}])
    page.reload()
    assert page.input_value("#reply-text") == "Preis bei Cleo erfragen"
    page.click("#send")
    page.locator("article.note", has_text="Preis bei Cleo").wait_for()
    page.reload()
    assert page.input_value("#reply-text") == ""


def test_private_words_never_come_back_as_an_answer_to_everybody(desk: Desk, page_of: Open) -> None:
    """The private way they were written for has closed meanwhile: they wait as a note for the team."""
    page = page_of(desk, f"/conversations/{demo.conversation_id(desk.runtime, 'c-greta')}")
    page.check("input[data-visibility=private]", force=True)
    page.fill("#reply-text", "Ihre Bestellung 4711 geht an die Rechte Wienzeile.")
    desk.clock.advance(days=8)
    page.context.add_cookies([{"name": "zuruf_session", "value": desk.sign_in(demo.ANNA), "url": desk.address}])
    page.reload()
    assert page.locator("input[data-visibility=private]").count() == 0
    assert page.input_value("#reply-text") == "Ihre Bestellung 4711 geht an die Rechte Wienzeile."
    assert page.is_checked("input[value=note]")


def test_private_words_never_come_back_as_an_answer_to_another_person(desk: Desk, page_of: Open) -> None:
    """Somebody else has written in the thread meanwhile, whom a private answer would reach now."""
    page = page_of(desk, f"/conversations/{demo.conversation_id(desk.runtime, 'c-greta')}")
    page.check("input[data-visibility=private]", force=True)
    page.fill("#reply-text", "Ihre Bestellung 4711 geht an die Rechte Wienzeile.")
    page.reload()
    assert page.locator(".ways label:has(:checked)").inner_text().strip() == "Privat – nur Greta sieht das"
    demo.arrive(desk.runtime, Said(0, FB, "c-greta", Kind.COMMENT, NINA, "Das wüsste ich auch gern."))
    page.reload()
    assert "nur Nina sieht das" in page.locator(".ways").text_content()
    assert page.input_value("#reply-text") == "Ihre Bestellung 4711 geht an die Rechte Wienzeile."
    assert page.is_checked("input[value=note]")


def test_private_words_reach_nobody_else_who_wrote_while_they_were_written(desk: Desk, page_of: Open) -> None:
    """The open page shows the new comment, the composer in use stays as it is: sending is refused until one has looked
    who would read it now."""
    page = page_of(desk, f"/conversations/{demo.conversation_id(desk.runtime, 'c-greta')}")
    page.check("input[data-visibility=private]", force=True)
    page.fill("#reply-text", "Ihre Bestellung 4711 geht an die Rechte Wienzeile.")
    with page.expect_response(re.compile(r"/conversations/\d+/thread")):
        demo.arrive(desk.runtime, Said(0, FB, "c-greta", Kind.COMMENT, NINA, "Das wüsste ich auch gern."))
    page.locator("#thread article", has_text="Das wüsste ich auch gern.").wait_for()
    page.click("#send")
    page.locator("[role=alert]", has_text="hat sich geändert").wait_for()
    assert outbox_of(desk, "c-greta") == []
    assert "nur Nina sieht das" in page.locator(".ways label:has(:checked)").inner_text()


def test_a_suggestion_for_somebody_who_wrote_privately_moves_them_nowhere(desk: Desk, page_of: Open) -> None:
    """The same rule proposes a move to a comment's author, and only a prepared text to who is there already."""
    demo.arrive(desk.runtime, Said(0, FB, "d-burnt", Kind.DIRECT_MESSAGE, JANA, "Die Hand ist verbrannt!"))
    page = page_of(desk, f"/conversations/{demo.conversation_id(desk.runtime, 'd-burnt')}")
    assert page.locator(".suggestion h3").inner_text().startswith("Mit einem Textbaustein antworten")
    page.goto(desk.address + f"/conversations/{demo.conversation_id(desk.runtime, 'c-jana')}")
    assert page.locator(".suggestion h3").first.inner_text().startswith("Ins Private verlegen")


def test_prepared_texts_and_counting(desk: Desk, page_of: Open) -> None:
    """`/` offers texts with the variables filled in; the count is the platform's; too long cannot be sent."""
    page = page_of(desk, f"/conversations/{demo.conversation_id(desk.runtime, 'd-nina')}")
    page.click("#reply-text")
    page.keyboard.type("/versand")
    page.wait_for_function("() => document.querySelectorAll('#canned button').length === 1")
    page.keyboard.press("Enter")
    text = page.input_value("#reply-text")
    assert text.startswith("Hallo Nina, ja, wir liefern in die Schweiz")
    assert text.endswith("Anna Huber")
    page.locator("#count", has_text=re.compile(rf"^{len(text.encode())} / 1000$")).wait_for()
    page.fill("#reply-text", "ä" * 501)
    page.wait_for_function("() => document.querySelector('#send').disabled")
    assert page.locator("#count").inner_text() == "2 zu viel · 1002 / 1000"


def test_warm_words(desk: Desk, page_of: Open) -> None:
    """A cold phrase gets a warmer one to click."""
    page = page_of(desk, f"/conversations/{demo.conversation_id(desk.runtime, 'd-nina')}")
    page.click("#reply-text")
    page.keyboard.type("Keine Ahnung, ob das geht.")
    page.locator("#hints button").click()
    assert page.input_value("#reply-text").startswith("Ich frage für Sie nach und melde mich.")


def test_who_reads_it(desk: Desk, page_of: Open) -> None:
    """Public and private are told in words before sending, and the button says it again."""
    page = page_of(desk, f"/conversations/{demo.conversation_id(desk.runtime, 'c-jana')}")
    assert page.locator(".ways label:has(:checked)").inner_text().strip() == "Öffentlich – alle sehen das"
    assert page.locator("#send span").inner_text() == "Öffentlich antworten"
    page.keyboard.press("p")
    assert page.locator(".ways label:has(:checked)").inner_text().strip() == "Privat – nur Jana sieht das"
    assert page.locator("#send span").inner_text() == "Privat senden"
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.keyboard.type("Rückruf für 14 Uhr vereinbart.")
    page.keyboard.press("Control+Enter")
    page.locator(".note", has_text="Rückruf für 14 Uhr").wait_for()
    assert outbox_of(desk, "c-jana") == []


def test_refuses_on_a_thread_that_moved_on(desk: Desk, page_of: Open) -> None:
    """Somebody else acted meanwhile: the text stays, the reason is said, and the second send goes through."""
    number = demo.conversation_id(desk.runtime, "d-mehmet")
    page = page_of(desk, f"/conversations/{number}", scripts=False)
    with writing(desk.runtime.sessions) as session:
        draft = replies.Draft("Mache ich!", "private", "other", demo.BEN)
        replies.reply(session, desk.runtime, number, draft, desk.clock())
    page.fill("#reply-text", "Wie lautet die neue Adresse?")
    page.click("#send")
    assert "hat sich geändert" in page.locator("[role=alert]").inner_text()
    assert page.input_value("#reply-text") == "Wie lautet die neue Adresse?"
    assert "Mache ich!" in page.locator("#thread").inner_text()
    page.click("#send")
    assert [item.text for item in outbox_of(desk, "d-mehmet")] == ["Mache ich!", "Wie lautet die neue Adresse?"]


def test_closed_window_says_why(desk: Desk, page_of: Open) -> None:
    """Past the platform's window nothing private is offered, and the reason stands there."""
    number = demo.conversation_id(desk.runtime, "d-yuki")
    desk.clock.advance(days=9)
    page = page_of(desk, f"/conversations/{number}")
    assert page.locator(".ways label").count() == 1
    assert "Antwortfenster ist geschlossen" in page.locator(".refusals").first.inner_text()


def test_new_arrivals_announce_themselves(desk: Desk, page_of: Open) -> None:
    """Nothing moves under the reader: visible lines change in place, a button says what is new."""
    page = page_of(desk, "/inbox?queue=unassigned")
    before = page.locator("#rows li").evaluate_all("rows => rows.map(row => row.id)")
    nina = demo.conversation_id(desk.runtime, "d-nina")
    with writing(desk.runtime.sessions) as session:
        conversations.assign(session, nina, demo.BEN, demo.CLEO, desk.clock())
        conversations.reopen(session, demo.conversation_id(desk.runtime, "m-clara"), demo.CLEO, desk.clock())
    page.locator(f"#row-{nina} .assignee", has_text="Ben").wait_for()
    page.locator("#arrivals", has_text=re.compile("1 neue Nachricht")).wait_for()
    assert page.locator("#rows li").evaluate_all("rows => rows.map(row => row.id)") == before


def test_a_colleague_is_writing(desk: Desk, page_of: Open) -> None:
    """Who opens a conversation somebody is answering is told so."""
    path = f"/conversations/{demo.conversation_id(desk.runtime, 'd-mehmet')}"
    anna = page_of(desk, path)
    with anna.expect_response("**/presence"):
        anna.click("#reply-text")
        anna.keyboard.type("Guten Tag")
    ben = page_of(desk, path, email=demo.BEN)
    assert ben.locator("#someone").inner_text().strip() == "Anna Huber antwortet gerade."


def test_without_scripts(desk: Desk, page_of: Open) -> None:
    """The main path works without JavaScript: list, conversation, answer, resolve."""
    page = page_of(desk, "/inbox", scripts=False)
    page.locator("#rows a.who", has_text="Elfriede Maier").click()
    assert re.search(r"/conversations/\d+", page.url)
    page.fill("#reply-text", "Die Rechnung ist unterwegs.")
    page.click("#send")
    assert "Die Rechnung ist unterwegs." in page.locator("#thread").inner_text()
    page.click("button[data-key=e]")
    assert status_of(desk, "d-elfriede") == "resolved"


def test_on_a_phone(desk: Desk, page_of: Open) -> None:
    """One pane with a way back; the composer within reach; the person one tap away."""
    page = page_of(desk, "/inbox", width=360, height=740)
    page.locator("#rows a.who", has_text="Daniel Schäfer").click()
    page.wait_for_url("**/conversations/*")
    box = page.locator("#send").bounding_box()
    assert box["y"] + box["height"] <= 740
    page.click("button[popovertarget=side]")
    assert page.locator("#side").is_visible()
    page.keyboard.press("Escape")
    page.click("a.back")
    page.wait_for_url("**/inbox*")
    page.click("button[popovertarget=places]")
    page.click("#places >> text=Konten")
    page.wait_for_url("**/accounts")


def test_no_layout_shift(desk: Desk, page_of: Open) -> None:
    """Live updates shift nothing that is on the screen."""
    page = page_of(desk, "/inbox")
    page.evaluate(
        "() => { window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach("
        "entry => { window.shift += entry.value; })).observe({type: 'layout-shift'}); }"
    )
    bernd = demo.conversation_id(desk.runtime, "c-bernd")
    with writing(desk.runtime.sessions) as session:
        conversations.assign(session, bernd, demo.CLEO, demo.ANNA, desk.clock.advance(minutes=1))
    page.locator(f"#row-{bernd} .assignee", has_text="Cleo").wait_for()
    assert page.evaluate("window.shift") < 0.01


def test_first_page_is_small(desk: Desk, page_of: Open) -> None:
    """Under 100 KB over the wire, everything included."""
    page = page_of(desk, "/sign-in", email=None)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    received: list[int] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    cookie = {"name": "zuruf_session", "value": desk.sign_in(demo.ANNA), "url": desk.address}
    page.context.add_cookies([cookie])
    page.goto(desk.address + "/inbox")
    page.wait_for_timeout(300)
    assert len(received) >= 6
    assert sum(received) < 100_000


def test_crisis_band_and_room(desk: Desk, page_of: Open) -> None:
    """A crisis turns the top bar into a band on every page; standing down takes it away."""
    demo.declare_crisis(desk.runtime)
    page = page_of(desk, "/crisis", email=demo.CLEO)
    assert "Stufe 4" in page.locator(".crisis-band").inner_text()
    page.locator(".tick").first.click()
    page.locator(".tick.done").wait_for()
    page.click("text=Entwarnen")
    page.goto(desk.address + "/inbox")
    assert page.locator(".crisis-band").count() == 0


def test_a_crisis_reaches_open_pages_without_interrupting(desk: Desk, page_of: Open) -> None:
    """Who is writing when a crisis is declared sees the band at once and keeps every word."""
    page = page_of(desk, f"/conversations/{demo.conversation_id(desk.runtime, 'c-greta')}")
    assert page.locator("#topbar.crisis-band").count() == 0
    page.click("#reply-text")
    page.keyboard.type("Der AURA in Salbeigrün ")
    demo.declare_crisis(desk.runtime)
    page.locator("#topbar.crisis-band", has_text="Stufe 4").wait_for()
    page.keyboard.type("kostet 79 Euro.")
    assert page.input_value("#reply-text") == "Der AURA in Salbeigrün kostet 79 Euro."


def test_snooze_comes_from_the_keyboard(desk: Desk, page_of: Open) -> None:
    """`s` opens the times; choosing one puts the conversation off."""
    page = page_of(desk, f"/conversations/{demo.conversation_id(desk.runtime, 'c-greta')}")
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    page.locator(".conversation-head", has_text="Zurückgestellt").wait_for()
    with reading(desk.runtime.sessions) as session:
        until = session.scalars(select(Conversation.snoozed_until).where(Conversation.external_id == "c-greta")).one()
    assert until == desk.clock() + timedelta(hours=1)
