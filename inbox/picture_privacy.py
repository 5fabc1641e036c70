"""Takes out of a picture what its camera or program wrote beside it: the place, the device, names, dates.

Phones turn pictures by a note instead of by their pixels; that one note (Exif orientation) stays. JPEG: Exif 2.32 and
JFIF 1.02; PNG: W3C PNG third edition; WebP: RFC 9649. Films and documents are left as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_ORIENTATION = 0x0112
_SHORT = 3
_EXIF = b"Exif\x00\x00"
_JPEG_NOTES = (0xE1, 0xED, 0xFE)
"""APP1 (Exif, XMP), APP13 (IPTC), comments."""
_PNG_NOTES = (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME")
_WEBP_NOTES = (b"EXIF", b"XMP ")
_WEBP_NOTE_FLAGS = 0x08 | 0x04
_PNG_HEAD = 8
_RIFF_HEAD = 12


class Damaged(ValueError):
    """The file does not hold together as the picture it says it is."""


def without_notes(content: bytes, content_type: str) -> bytes:
    """The same picture without its notes. Raises Damaged."""
    try:
        if content_type == "image/jpeg":
            return _jpeg(content)
        if content_type == "image/png":
            return content[:_PNG_HEAD] + b"".join(chunk for name, chunk in _png(content) if name not in _PNG_NOTES)
        if content_type == "image/webp":
            return _webp(content)
    except (struct.error, IndexError) as error:
        raise Damaged(str(error)) from None
    return content


# -- JPEG ------------------------------------------------------------------------------------------------------------


def _jpeg(content: bytes) -> bytes:
    kept, turned = [content[:2]], 1
    position = 2
    while True:
        if content[position] != 0xFF:
            raise Damaged("a JPEG segment does not begin where it should")
        marker = content[position + 1]
        if marker == 0xFF:  # padding
            position += 1
            continue
        if marker == 0xDA:
            break
        (length,) = struct.unpack_from(">H", content, position + 2)
        if length < 2 or position + 2 + length > len(content):
            raise Damaged("a JPEG segment is longer than the file")
        segment = content[position : position + 2 + length]
        if marker not in _JPEG_NOTES:
            kept.append(segment)
        elif segment[4:10] == _EXIF:
            turned = _orientation(segment[10:])
        position += 2 + length
    if turned != 1:
        kept.insert(2 if kept[1:] and kept[1][1] == 0xE0 else 1, _only_orientation(turned))
    return b"".join(kept) + content[position:]


def _orientation(exif: bytes) -> int:
    """1 (upright) to 8; 1 where the note is missing or makes no sense."""
    try:
        order = {b"II": "<", b"MM": ">"}[exif[:2]]
        (offset,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, offset)
        for number in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, offset + 2 + 12 * number)
            if tag == _ORIENTATION and kind == _SHORT and 1 <= value <= 8:
                return int(value)
    except (KeyError, struct.error):
        return 1
    return 1


def _only_orientation(turned: int) -> bytes:
    directory = struct.pack(">HHHIHHI", 1, _ORIENTATION, _SHORT, 1, turned, 0, 0)
    body = _EXIF + b"MM\x00*" + struct.pack(">I", 8) + directory
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


# -- PNG, WebP -------------------------------------------------------------------------------------------------------


def _png(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and bytes of every chunk up to the end; what hangs behind the end is dropped."""
    position = _PNG_HEAD
    while True:
        length, name = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        if end > len(content):
            raise Damaged("a PNG chunk is longer than the file")
        yield name, content[position:end]
        if name == b"IEND":
            return
        position = end


def _webp(content: bytes) -> bytes:
    kept = []
    position = _RIFF_HEAD
    while position + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, position)
        end = position + 8 + length + length % 2
        if position + 8 + length > len(content):
            raise Damaged("a WebP chunk is longer than the file")
        chunk = content[position:end]
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_NOTE_FLAGS]) + chunk[9:]
        if name not in _WEBP_NOTES:
            kept.append(chunk)
        position = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
