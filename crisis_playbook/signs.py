"""Signs: what a text shows beside its topics, in four languages. Each is named, explained and tested.

A sign is a list of phrases that must be found, a look at single chunks (such as `!!`), or one small function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crisis_playbook.evidence import Evidence, Span
from crisis_playbook.phrases import Phrases, Stretch, WordPattern, apart, parse_phrase


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: how it is found, and how it is called in an explanation."""

    name: str
    meaning: str
    phrases: str = ""
    """Phrases, separated by commas."""
    marks: str = ""
    """A look at one chunk of text, in Python's syntax."""
    test: Callable[[str], tuple[Span, ...]] | None = None
    """A look at the whole text."""
    times: int = 1
    """How often it must be found to count as a sign."""
    without: str = ""
    """Phrases that take the sign back."""
    no_question: bool = False
    """A question mark takes the sign back."""


NEGATION = """nicht, nichts, nie, niemals, niemand, nirgends, nirgendwo, kein, keine, keinen, keinem, keiner,
    keines, keinerlei, weder, ned, net, nid, nit, nöd, ohne, not, no, never, nothing, nobody, none,
    nowhere, neither, nor, cannot, cant, wont, dont, doesnt, didnt, isnt, arent, wasnt, werent, hasnt,
    havent, hadnt, couldnt, shouldnt, wouldnt, aint, without, pas, jamais, rien, aucun, aucune,
    personne, sans, non, niente, nessuno, nessuna, senza"""
THANKS = """danke, dankeschön, dank, vielen dank, herzlichen dank, danke schön, merci, merci vielmals, thx,
    thanks, thank you, thank u, ty, cheers, grazie, grazie mille"""
BUT = """aber, doch, trotzdem, leider, allerdings, jedoch, dennoch, nur, nochmal, but, however, although,
    though, unfortunately, still, yet, again, mais, pourtant, malheureusement, ma, però, purtroppo,
    danke für nichts, thanks for nothing, *beschwer*, *complain*"""
SAD_OR_ANGRY = """😠, 😡, 🤬, 👿, 😤, 😒, 🙄, 😞, 😟, 😔, 😕, 🙁, ☹, 😣, 😖, 😫, 😩, 😢, 😭, 😥, 😓, 😰,
    😱, 🤮, 🤢, 👎, 🖕, 💩, 🤦, 🤦‍♀️, 🤦‍♂️, 😑, 😐, 🤯, 💔, :(, :-(, ;(, :'(, =(,
    :[, :/, :-/, =/, :\\, :|, :-|, :((, :(((, :-((, >:("""
SMILE = """😀, 😃, 😄, 😁, 😊, 🙂, ☺, 😉, 😍, 🥰, 😘, 🤗, 😇, 🤩, 😻, 😎, 👍, 👏, 🙌, 💪, ❤, 🧡,
    💛, 💚, 💙, 💜, 💕, 💖, 🎉, 🥳, 😋, 😂, 🤣, 😅, :), :-), =), :)), :))), :-)),
    ;), ;-), :D, :-D, =D, ;D, xD, XD, xDD, ^^, ^_^, <3, :], =], :P,
    ;P, :p, ;p"""
DRAGS_ON = """seit * tag*, seit * woche*, seit * monat*, seit * stunde*, seit * minute*, seit * jahr*, seit tagen,
    seit wochen, seit monaten, seit stunden, seit jahren, seit ewigkeiten, seit gestern, seit heute
    früh, seit montag, seit dienstag, seit mittwoch, seit donnerstag, seit freitag, seit samstag, seit
    sonntag, seit letzter woche, immer noch, noch immer, schon wieder, wieder mal, mal wieder, wieder
    einmal, zum wiederholten mal*, zum x-ten mal, zum * mal, schon * tag*, schon * woche*, schon *
    stunde*, schon * monat*, schon ewig, ewig, stundenlang*, tagelang*, wochenlang*, monatelang*,
    jahrelang*, noch nicht, nach wie vor, bis heute, endlich, längst, still, still not, yet again, once
    again, again and again, over and over, for ages, ages ago, for hours, for days, for weeks, for
    months, for years, hours later, days later, weeks later, since monday, since tuesday, since
    wednesday, since thursday, since friday, since saturday, since sunday, since yesterday, since last,
    all day, all week, how much longer, how long, how many more, days ago, weeks ago, months ago, hours
    ago, hours now, days now, weeks now, over * hour*, over * day*, over * week*, over * month*, over an
    hour, for * hour*, for * day*, for * week*, for * month*, toujours pas, depuis * jour*, depuis *
    semaine*, depuis * mois, da * giorn*, da * settiman*, da * mes*, ancora non"""

QUESTION_WORDS = (
    "was|wie|wann|wo|wohin|woher|wer|wem|wen|welche[rsnm]?|wieviel|gibt|kann|könnt|können|könnte|habt|haben|ist|sind|seid|"
    "hat|darf|muss|fährt|funktioniert|bekomme|what|how|when|where|who|which|whose|can|could|do|does|did|is|are|will|would|"
    "has|have|should|may|any|comment|quand|où|qui|quel|quelle|combien|puis|come|quando|dove|chi|quale|quanto|posso"
)
_GREETING = (
    r"(?:hallo|hi|hey|hello|guten\s+(?:tag|morgen|abend)|servus|moin|grüezi|grüss?\s+(?:gott|euch)|dear|liebes?"
    r"|bonjour|ciao|buongiorno)\b[^\w?]{0,3}\s*"
)
_LAST_QUESTION = re.compile(r"\?[\s?!.)]*(?:https?://\S+\s*)?$")
_HANDLE = re.compile(r"\s*\.?([@＠]\w+)")
_OPENING = re.compile(
    rf"\s*(?:[@#][\w.-]+[\s,:]*|{_GREETING}|rt\s+)*(?:(?:{QUESTION_WORDS})\b[^.!?]*\?|[^.!?]{{0,140}}\?)", re.IGNORECASE
)


def opening_question(text: str) -> tuple[Span, ...]:
    """The first sentence asks something, after handles and a greeting."""
    match = _OPENING.match(text[:400])
    return (match.span(),) if match else ()


def _ends_with_question(text: str) -> tuple[Span, ...]:
    match = _LAST_QUESTION.search(text[-60:])
    start = max(len(text) - 60, 0)
    return ((start + match.start(), start + match.end()),) if match else ()


def _begins_with_mention(text: str) -> tuple[Span, ...]:
    match = _HANDLE.match(text)
    return (match.span(1),) if match else ()


def _retweet(text: str) -> tuple[Span, ...]:
    return ((0, 2),) if text.startswith(("RT @", "Retweeted ")) else ()


SIGNS: Mapping[str, Sign] = {
    sign.name: sign
    for sign in (
        Sign("negation", "a negation", phrases=NEGATION),
        Sign("repeated_marks", "repeated ! or ?", marks=r"[!?]{2,}"),
        Sign("exclamation", "an exclamation mark", marks=r"!"),
        Sign("question", "a question mark", marks=r"\?"),
        Sign("sad_or_angry_emoji", "a sad or angry emoji", phrases=SAD_OR_ANGRY),
        Sign("smile", "a smile", phrases=SMILE),
        Sign("time_drags_on", "time that drags on", phrases=DRAGS_ON),
        Sign("opening_question", "an opening question", test=opening_question),
        Sign("thanks", "thanks", phrases=THANKS),
        Sign("thanks_only", "thanks and no objection", phrases=THANKS, without=f"{NEGATION}, {BUT}", no_question=True),
        Sign("shouting", "words in capitals", marks=r"^[^\w@#]*[A-ZÄÖÜ]{3,}[^\w]*$", times=2),
        Sign("ends_with_question", "a question at the end", test=_ends_with_question),
        Sign("ellipsis", "dots that trail off", marks=r"\.\.|…"),
        Sign("number", "a number", marks=r"\d"),
        Sign("hashtag", "a hashtag", marks=r"^[^\w]*#\w"),
        Sign("begins_with_mention", "a handle at the beginning", test=_begins_with_mention),
        Sign("link", "a link", marks=r"(?:https?://|www\.)\S"),
        Sign("retweet", "a forwarded post", test=_retweet),
    )
}


@dataclass(frozen=True, slots=True)
class KnownSign:
    """A sign with the numbers its words were registered under."""

    sign: Sign
    words: int | None
    taken_back: tuple[int, ...]

    def found(self, evidence: Evidence) -> list[Stretch]:
        """Where its words stand; empty where the sign does not show."""
        if self.words is None or self.words not in evidence.found:
            return []
        if any(number in evidence.found for number in self.taken_back):
            return []
        if self.sign.no_question and "?" in evidence.facts.text:
            return []
        stretches = evidence.where(self.words)
        return stretches if len(stretches) >= self.sign.times else []

    def shows(self, evidence: Evidence) -> bool:
        """Whether it shows at all."""
        return bool(self.sign.test(evidence.facts.text) if self.sign.test is not None else self.found(evidence))

    def times(self, evidence: Evidence) -> int:
        """How often it shows, overlaps counted once."""
        if self.sign.test is not None:
            return len(self.sign.test(evidence.facts.text))
        return len(apart(self.found(evidence)))

    def spans(self, evidence: Evidence) -> tuple[Span, ...]:
        """Where it shows, in characters."""
        if self.sign.test is not None:
            return self.sign.test(evidence.facts.text)
        return evidence.spans(apart(self.found(evidence)))

    def quote(self, evidence: Evidence) -> str:
        """The words that show it, in quotes."""
        if self.sign.test is not None:
            return evidence.quote(self.sign.test(evidence.facts.text))
        return evidence.said(apart(self.found(evidence)))


def know(sign: Sign, phrases: Phrases) -> KnownSign:
    """Register what must be found for a sign."""
    words: int | None = None
    if sign.phrases:
        words = phrases.add_list(_parsed(sign.phrases))
    elif sign.marks:
        words = phrases.add_marks(sign.marks)
    return KnownSign(sign, words, (phrases.add_list(_parsed(sign.without)),) if sign.without else ())


def _parsed(listed: str) -> list[tuple[WordPattern, ...]]:
    return [parse_phrase(part) for part in (" ".join(piece.split()) for piece in listed.split(",")) if part]
