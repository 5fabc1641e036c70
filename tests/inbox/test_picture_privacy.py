"""What a camera writes beside a picture stays with us; how it is turned, and the picture itself, do not change."""

from __future__ import annotations

import struct

import pytest

from inbox.file_types import content_type_of
from inbox.picture_privacy import Damaged, without_notes
from tests.inbox.pictures import GIF, GPS, MP4, ORIENTATION, PDF, jpeg, png, webp


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (jpeg(), "image/jpeg"),
        (png(), "image/png"),
        (webp(), "image/webp"),
        (GIF, "image/gif"),
        (PDF, "application/pdf"),
        (MP4, "video/mp4"),
        (b"", None),
        (b"MZ\x90\x00", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<html>", None),
        (b"RIFF\x00\x00\x00\x00AVI ", None),
        (b"\x00\x00\x00\x18ftypheic", None),
    ],
)
def test_bytes_tell_what_a_file_is(content: bytes, content_type: str | None) -> None:
    assert content_type_of(content) == content_type


@pytest.mark.parametrize(
    ("noted", "plain", "content_type"),
    [
        (jpeg(notes=True), jpeg(), "image/jpeg"),
        (png(notes=True), png(), "image/png"),
        (webp(notes=True), webp(), "image/webp"),
    ],
)
def test_notes_go_and_the_picture_stays(noted: bytes, plain: bytes, content_type: str) -> None:
    assert GPS in noted
    assert without_notes(noted, content_type) == plain
    assert without_notes(plain, content_type) == plain


@pytest.mark.parametrize("turned", range(2, 9))
def test_a_picture_that_lies_on_its_side_stays_turned(turned: int) -> None:
    kept = without_notes(jpeg(turned, notes=True), "image/jpeg")
    assert GPS not in kept
    exif = kept[kept.index(b"Exif\x00\x00") + 6 :]
    assert exif[:4] == b"MM\x00*"
    count, tag, kind, number, value = struct.unpack_from(">HHHIH", exif, 8)
    assert (count, tag, kind, number, value) == (1, ORIENTATION, 3, 1, turned)
    assert without_notes(kept, "image/jpeg") == kept


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "image/webp"])
def test_what_breaks_off_is_damaged_or_read_to_where_it_breaks_off(content_type: str) -> None:
    whole = {"image/jpeg": jpeg(6, notes=True), "image/png": png(notes=True), "image/webp": webp(notes=True)}[
        content_type
    ]
    for end in range(12, len(whole)):
        try:
            assert GPS not in without_notes(whole[:end], content_type)
        except Damaged:
            continue


def test_documents_and_films_are_left_as_they_are() -> None:
    for content, content_type in ((PDF, "application/pdf"), (MP4, "video/mp4"), (GIF, "image/gif")):
        assert without_notes(content, content_type) == content
