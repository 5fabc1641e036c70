"""The one door for a stranger's text into the database."""

LONGEST = 64 * 1024
"""Characters kept of one message; no platform allows as many."""


def storable(text: str) -> str:
    """A text every database takes: no NUL, no half of a surrogate pair, bounded to LONGEST."""
    if "\x00" in text or len(text) > LONGEST:
        text = text.replace("\x00", "")[:LONGEST]
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
