"""No page has a serious finding of axe: in light and dark, on a phone and on a desk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import demo
from tests.browser.conftest import AXE, Desk, Open

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

PAGES = (
    "/inbox",
    "/inbox?queue=held",
    "/conversations/{c-jana}",
    "/conversations/{d-daniel}",
    "/conversations/{m-clara}",
    "/outbox",
    "/accounts",
    "/contacts/1",
    "/crisis",
    "/reports",
    "/playbook",
    "/settings",
    "/settings/people",
    "/settings/hours",
    "/settings/texts",
    "/settings/tokens",
    "/settings/log",
    "/settings/retention",
)
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def findings(page: Any) -> list[str]:
    """The serious and critical findings, each with the place."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{found['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (360, 740)])
def test_no_serious_finding(shared_desk: Desk, page_of: Open, scheme: str, width: int, height: int) -> None:
    """Every page, signed in as an admin who sees everything."""
    page = page_of(shared_desk, "/inbox", width=width, height=height, scheme=scheme)
    found: dict[str, list[str]] = {}
    for path in PAGES:
        if "{" in path:
            name = path[path.index("{") + 1 : path.index("}")]
            path = f"/conversations/{demo.conversation_id(shared_desk.runtime, name)}"
        page.goto(shared_desk.address + path)
        if problems := findings(page):
            found[path] = problems
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{path} is {wider} px wider than the window"
    assert found == {}


def test_sign_in_is_accessible(shared_desk: Desk, page_of: Open) -> None:
    """The first page anybody sees."""
    page = page_of(shared_desk, "/", email=None)
    assert page.url.endswith("/sign-in")
    assert findings(page) == []
