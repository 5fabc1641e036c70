"""Small files of every kind, made by hand: no picture of anybody."""

from __future__ import annotations

import struct
import zlib

ORIENTATION = 0x0112
GPS = b"GPS 48.2082N 16.3738E"
"""What a test looks for, to be sure that it is gone."""


def png(colour: int = 0, notes: bool = False) -> bytes:
    """One pixel; with `notes` a text chunk that tells a place."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    said = chunk(b"tEXt", b"Comment\x00" + GPS) + chunk(b"eXIf", GPS) if notes else b""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes([0, colour % 256]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + said + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg(turned: int = 1, notes: bool = False) -> bytes:
    """The segments of a JPEG around a few bytes of picture; with `notes` Exif with a place, and a comment."""

    def segment(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    directory = struct.pack("<HHHIHHI", 1, ORIENTATION, 3, 1, turned, 0, 0)
    exif = b"Exif\x00\x00II*\x00" + struct.pack("<I", 8) + directory + GPS
    said = segment(0xE1, exif) + segment(0xFE, GPS) + segment(0xED, GPS) if notes else b""
    jfif = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
    return b"\xff\xd8" + jfif + said + segment(0xDB, bytes(65)) + segment(0xDA, bytes(6)) + b"picture\xff\xd9"


def webp(notes: bool = False) -> bytes:
    """The chunks of an extended WebP."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)

    flags = 0x0C if notes else 0
    said = chunk(b"EXIF", GPS) + chunk(b"XMP ", GPS) if notes else b""
    body = b"WEBP" + chunk(b"VP8X", bytes([flags]) + bytes(9)) + chunk(b"VP8 ", b"picture") + said
    return b"RIFF" + struct.pack("<I", len(body)) + body


GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
