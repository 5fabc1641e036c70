"""A manager's path through the workshop in a real browser: from a changed word to the playbook in force, and back."""

from __future__ import annotations

import re
from typing import Any

import pytest

from inbox import playbook_drafts
from inbox.db import reading
from tests.browser import demo
from tests.browser.conftest import Desk, Open
from tests.browser.test_accessible import findings

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]

WORKSHOP = "/playbook/workshop?file=00_shop.yml"


def in_force(desk: Desk) -> playbook_drafts.Version:
    """The version in force."""
    with reading(desk.runtime.sessions) as session:
        found = playbook_drafts.in_force(session)
    assert found is not None
    return found


def used_by_the_daemon(desk: Desk, text: str) -> bool:
    """Whether the rules the daemon judges with two seconds later have this word."""
    desk.clock.advance(seconds=2)
    return "complaint" in desk.runtime.playbook.current().topics_in(text)


def choose_in_editor(page: Any, start: int, end: int) -> None:
    """Selects these characters in the editor."""
    page.evaluate(
        "([anchor, head]) => { const view = CodeMirror.EditorView.findFromDOM(document.querySelector('.cm-editor'));"
        " view.dispatch({selection: {anchor, head}}); view.focus(); }",
        [start, end],
    )


def replace_in_editor(page: Any, old: str, new: str) -> None:
    """Selects the words in the editor and types others, as a person does."""
    start = page.input_value("#text").index(old)
    choose_in_editor(page, start, start + len(old))
    page.keyboard.insert_text(new)


def with_second_person(desk: Desk) -> None:
    """As `second_person = true` in the configuration."""
    settings = desk.runtime.settings
    playbook = settings.playbook.model_copy(update={"second_person": True})
    desk.runtime.settings = settings.model_copy(update={"playbook": playbook})


def test_from_a_word_to_the_playbook_in_force_and_back(desk: Desk, page_of: Open) -> None:
    """Change a word, see its examples, run the backtest, read the difference, ask for review; a second person
    publishes, the daemon uses it within two seconds, and there is a way back."""
    with_second_person(desk)
    page = page_of(desk, WORKSHOP, email=demo.ANNA)
    replace_in_editor(page, "kaputt]", "kaputt, gefehlt, promo]")
    replace_in_editor(page, "[Eine Frechheit!]", "[Eine Frechheit!, Es hat gefehlt!]")
    page.locator("#results", has_text="Alle 5 Beispiele stimmen").wait_for()
    page.fill("#sample", "Da hat ein Teil gefehlt")
    page.locator("#tried mark", has_text="gefehlt").wait_for()
    page.fill("#reason", "Fehlende Teile sind Beschwerden")
    page.click("#save")
    page.locator(".draft-bar").wait_for()
    page.click(".draft-bar a.primary")
    page.locator("ins", has_text="gefehlt, promo").wait_for()
    page.select_option("#days", "90")
    page.click("form[action$='/backtest'] button")
    page.locator(".turned").first.wait_for()
    opened = page.locator(".turned a").first.get_attribute("href")
    assert re.fullmatch(r"/conversations/\d+", opened)
    page.click("text=Zurück zur Version")
    page.locator("text=Backtest über 90 Tage:").wait_for()
    assert page.locator("button[formaction$='/publish']").count() == 0
    page.click("button[formaction$='/ask-for-review']")
    page.locator("h1 .chip.soon").wait_for()
    assert not used_by_the_daemon(desk, "promo")

    second = page_of(desk, "/inbox", email=demo.CLEO)
    second.click("nav.places a[href='/playbook']")
    second.click("#versions .row:has(.chip.soon) a")
    second.locator("ins", has_text="gefehlt, promo").wait_for()
    second.locator("text=Fehlende Teile sind Beschwerden").first.wait_for()
    second.click("button[formaction$='/publish']")
    second.locator("h1 .chip.well").wait_for()
    assert (in_force(desk).author, in_force(desk).reviewer) == (demo.ANNA, demo.CLEO)
    assert used_by_the_daemon(desk, "promo")

    page.goto(desk.address + "/playbook/versions")
    page.click("tbody tr:last-child a")
    page.click("button[formaction$='/roll-back']")
    page.locator("h1 .chip.well").wait_for()
    assert not used_by_the_daemon(desk, "promo")


def test_the_same_path_without_scripts(desk: Desk, page_of: Open) -> None:
    """Every step is a form: edit, check, save, publish, back."""
    page = page_of(desk, WORKSHOP, scripts=False)
    assert page.locator(".gutter span").count() == len(page.input_value("#text").splitlines())
    text = page.input_value("#text")
    page.fill("#text", text.replace("severity: watch", "severety: watch"))
    page.click("#check")
    assert "meinten Sie 'severity'?" in page.locator("#results").inner_text()
    assert page.locator(".gutter .wrong").count() == 1
    page.fill("#text", text.replace("kaputt]", "kaputt, promo]"))
    page.click("#save")
    page.click(".draft-bar a.primary")
    page.click("button[formaction$='/publish']")
    assert used_by_the_daemon(desk, "promo")


def test_a_mistake_is_named_while_typing_and_a_click_leads_to_its_line(desk: Desk, page_of: Open) -> None:
    """The mistaken line is marked and says why, Tab indents, and Esc leaves the editor."""
    page = page_of(desk, WORKSHOP)
    replace_in_editor(page, "    severity: crisis", "    severety: crisis")
    link = page.locator("#results a[data-line]")
    link.wait_for()
    line = int(str(link.get_attribute("data-line")))
    page.locator(".cm-lint-marker-error").hover()
    assert "ist hier nicht bekannt" in page.locator(".cm-tooltip-lint").inner_text()
    link.click()
    selected = page.evaluate("getSelection().toString()")
    assert selected.strip() == "severety: crisis"
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert page.input_value("#text").splitlines()[line - 1].endswith("severety: crisis")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")
    page.once("dialog", lambda dialog: dialog.accept())


@pytest.mark.parametrize(
    ("after", "typed", "wanted"),
    [
        ("rules:\n", "  - rule: new\n    when:\n      vis", "visibility"),
        ("rules:\n", "  - rule: new\n    when: {topic: com", "complaint"),
        ("rules:\n", "  - rule: new\n    th", "then"),
        ("rules:\n", "  - rule: new\n    then:\n      - ass", "assign"),
        ("rules:\n", "  - rule: new\n    severity: cr", "crisis"),
    ],
)
def test_what_can_stand_here_is_offered(desk: Desk, page_of: Open, after: str, typed: str, wanted: str) -> None:
    """Keys, values and the playbook's own names, where the loader takes them."""
    page = page_of(desk, WORKSHOP)
    place = page.input_value("#text").index(after) + len(after)
    choose_in_editor(page, place, place)
    page.keyboard.insert_text(typed[:-1])
    page.keyboard.type(typed[-1])
    page.locator(".cm-tooltip-autocomplete li", has_text=wanted).first.wait_for()
    page.once("dialog", lambda dialog: dialog.accept())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (360, 740)])
def test_no_serious_finding(shared_desk: Desk, page_of: Open, scheme: str, width: int, height: int) -> None:
    """axe on every page of the workshop, and nothing wider than the window."""
    page = page_of(shared_desk, "/inbox", width=width, height=height, scheme=scheme)
    paths = (WORKSHOP, "/playbook/versions", "/playbook/versions/1", "/playbook/compare?before=1&after=1",
             "/playbook/versions/1/backtest", "/playbook/points")  # fmt: skip
    found: dict[str, list[str]] = {}
    for path in paths:
        page.goto(shared_desk.address + path)
        if problems := findings(page):
            found[path] = problems
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{path} is {wider} px wider than the window"
    assert found == {}
