"""`./run screenshots`: the documentation's pictures, made from the demonstration shop with the shipped playbook."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.browser import demo
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Desk, serve
from tests.stepped_clock import SteppedClock

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


@dataclass(frozen=True, slots=True)
class Picture:
    """One page as somebody sees it. `{name}` in the path is a conversation of the cast."""

    name: str
    path: str
    width: int = 1440
    height: int = 900
    scheme: Literal["light", "dark"] = "light"
    locale: str = "de-AT"


CALM = (
    Picture("inbox", "/conversations/{c-jana}"),
    Picture("inbox-dark", "/conversations/{c-jana}", scheme="dark"),
    Picture("inbox-english", "/conversations/{m-tom}", locale="en-GB"),
    Picture("phone-list", "/inbox", 360, 740),
    Picture("phone-conversation", "/conversations/{d-daniel}", 360, 740, "dark"),
    Picture("accounts", "/accounts"),
    Picture("reports", "/reports"),
    Picture("playbook", "/playbook?file=50_service.yml"),
)
STORM = (Picture("crisis", "/crisis"), Picture("crisis-phone", "/crisis", 360, 740, "dark"))


@contextmanager
def shop() -> Iterator[Desk]:
    """A served shop that is thrown away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "shop.db"
        demo.seed(database, SteppedClock())
        yield from serve(database, demo.SHIPPED)


def take(desk: Desk, pictures: tuple[Picture, ...], folder: Path) -> None:
    """Writes one PNG a picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for picture in pictures:
            context = browser.new_context(
                viewport={"width": picture.width, "height": picture.height},
                color_scheme=picture.scheme,
                locale=picture.locale,
                reduced_motion="reduce",
            )
            context.add_cookies([{"name": "zuruf_session", "value": desk.sign_in(demo.ANNA), "url": desk.address}])
            page = context.new_page()
            page.goto(desk.address + filled(desk, picture.path), wait_until="load")
            page.wait_for_timeout(300)
            page.screenshot(path=str(folder / f"{picture.name}.png"))
            context.close()
        browser.close()


def filled(desk: Desk, path: str) -> str:
    """The path with the conversation's number in the place of its name."""
    if "{" not in path:
        return path
    before, _, rest = path.partition("{")
    name, _, after = rest.partition("}")
    return f"{before}{demo.conversation_id(desk.runtime, name)}{after}"


def main() -> int:
    """Makes every picture; the folder may be named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    if not Path(CHROMIUM).exists():
        print(f"no browser at {CHROMIUM}; install Debian's chromium, or name one with ZURUF_CHROMIUM", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    with shop() as desk:
        take(desk, CALM, folder)
        demo.declare_crisis(desk.runtime)
        take(desk, STORM, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
