"""Scripts and styles: what was fetched is what is there, and pages need nothing inline."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from inbox.web.assets import Assets

PROJECT = Path(__file__).resolve().parents[3]
STATIC = PROJECT / "inbox" / "web" / "static"
MANIFEST = json.loads((STATIC / "vendor" / "manifest.json").read_text("utf-8"))
TEMPLATES = sorted((PROJECT / "templates" / "web").glob("*.html"))


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["name"])
def test_vendored_files_are_what_was_fetched(entry: dict[str, str]) -> None:
    assert entry["version"]
    assert entry["licence"]
    assert hashlib.sha256((PROJECT / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_every_vendored_file_is_in_the_manifest() -> None:
    named = {entry["file"] for entry in MANIFEST}
    there = {str(path.relative_to(PROJECT)) for path in (STATIC / "vendor").iterdir()}
    assert there - named == {"inbox/web/static/vendor/manifest.json", "inbox/web/static/vendor/fetch.sh"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_script_or_style(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|<script(?![^>]*\ssrc=)|\|\s*safe", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_posting_form_carries_its_token(template: Path) -> None:
    text = template.read_text("utf-8")
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL)
    assert all("csrf" in form for form in forms)
    assert len(forms) == len(re.findall(r"<form[^>]*method=\"post\"", text))


def test_addresses_change_with_the_content() -> None:
    assets = Assets()
    assert re.fullmatch(r"/static/style\.css\?v=[0-9a-f]{12}", assets.address("style.css"))
    asset = assets.files["style.css"]
    assert gzip.decompress(asset.compressed) == asset.content
    with pytest.raises(KeyError):
        assets.address("nothing.js")


def test_icons_the_pages_use_exist() -> None:
    sprite = (STATIC / "vendor" / "icons.svg").read_text("utf-8")
    there = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    used = set()
    for template in TEMPLATES:
        used |= set(re.findall(r'icon\("([\w-]+)"', template.read_text("utf-8")))
    assert used <= there
