"""Why the playbook decided as it did, in the reader's language.

The one interpreter explains in English, and its sentences are stored with what they explain. Their forms are few and
fixed, so that they are put into another language when they are read: what was stored last year can be read too, and
deciding costs nothing more. Names, the customer's words, and a manager's own reasons stay as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from gettext import NullTranslations

from inbox.web.sentences import said

N_ = str
"""Marks a text for translation without translating it here."""

RULES = (
    (r"rule (?P<rule>\S+) applied: (?P<because>.*)", N_("rule %(rule)s applied: %(because)s")),
    (r"rule (?P<rule>\S+) did not apply: (?P<because>.*)", N_("rule %(rule)s did not apply: %(because)s")),
    (
        r"rule (?P<rule>\S+) could not be decided: (?P<because>.*)",
        N_("rule %(rule)s could not be decided: %(because)s"),
    ),
)
"""Sentences about a rule; their reasons are separated by semicolons."""

CONSEQUENCES = (
    (
        r"the automatic reply (?P<name>\S+) is only proposed: replies are held",
        N_("the automatic reply %(name)s is only proposed: replies are held"),
    ),
    (
        r"the automatic reply (?P<name>\S+) is only proposed: level (?P<level>\d+) \((?P<title>.*)\) freezes automatic "
        r"replies",
        N_("the automatic reply %(name)s is only proposed: level %(level)s (%(title)s) freezes automatic replies"),
    ),
    (
        r"(?P<name>\S+) is sent instead of (?P<instead>\S+): level (?P<level>\d+) \((?P<title>.*)\)",
        N_("%(name)s is sent instead of %(instead)s: level %(level)s (%(title)s)"),
    ),
    (r"the rule (?P<rule>\S+) had decided already", N_("the rule %(rule)s had decided already")),
)

REASONS = (
    (r'topic (?P<name>\S+): (?P<words>".*")', N_("topic %(name)s: %(words)s")),
    (r"topic (?P<name>\S+)", N_("topic %(name)s")),
    (r"no words of topic (?P<names>.*)", N_("no words of topic %(names)s")),
    (r'found (?P<words>".*")', N_("found %(words)s")),
    (r'(?P<words>".*") was not found', N_("%(words)s was not found")),
    (r'pattern found (?P<words>".*")', N_("the pattern found %(words)s")),
    (r'mentions_price found (?P<words>".*")', N_("an amount of money: %(words)s")),
    (r"no sign of (?P<what>.*)", N_("no sign of: %(what)s")),
    (r"(?P<number>\d+) followers", N_("%(number)s followers")),
    (r"(?P<number>\d+) words", N_("%(number)s words")),
    (r"the label (?P<name>.+) is set", N_("the label %(name)s is set")),
    (r"no label (?P<names>.+)", N_("no label %(names)s")),
    (r"channel is (?P<name>\S+)", N_("channel %(name)s")),
    (r"account is (?P<name>.+)", N_("account %(name)s")),
    (r"language is (?P<name>[a-z]{2})", N_("language %(name)s")),
    (r"(?P<fact>[a-z_]+) is not known", N_("%(fact)s is not known")),
)

SIGNALS = re.compile(
    r'the (?P<name>\S+) signal reached "(?P<level>[^"]*)" with (?P<score>\S+) points(?:: (?P<lines>.*))?'
)
REACHED = N_("the signal %(name)s reached “%(level)s” with %(score)s points")
LINE = re.compile(r'(?P<reason>(?:"[^"]*"|[^"])+?) (?P<points>[+-][\d.]+)(?:, |$)')
WITH_WORDS = re.compile(r'(?P<title>[^"]+?)(?: \((?P<times>\d+) times\))?(?:: (?P<words>".*"))?')
QUOTED = re.compile(r'("[^"]*")')

KNOWN = (
    N_("none of the words was found"),
    N_("none of the excluded words was found"),
    N_("the pattern was not found"),
    N_("the mentions_price was not found"),
    N_("it is not known how many followers"),
    N_("visibility is public"),
    N_("visibility is private"),
    N_("kind is comment"),
    N_("kind is mention"),
    N_("kind is direct_message"),
    N_("spoken_by is customer"),
    N_("spoken_by is us"),
    N_("addressed is true"),
    N_("addressed is false"),
    N_("first_of_conversation is true"),
    N_("first_of_conversation is false"),
    N_("hours is open"),
    N_("hours is closed"),
    N_("has_attachment is true"),
    N_("has_attachment is false"),
    N_("the severity is none"),
    N_("the severity is watch"),
    N_("the severity is urgent"),
    N_("the severity is crisis"),
    N_("severity is none"),
    N_("severity is watch"),
    N_("severity is urgent"),
    N_("severity is crisis"),
    N_("words"),
    # Signs.
    N_("a negation"),
    N_("repeated ! or ?"),
    N_("an exclamation mark"),
    N_("a question mark"),
    N_("a sad or angry emoji"),
    N_("a smile"),
    N_("time that drags on"),
    N_("an opening question"),
    N_("thanks"),
    N_("thanks and no objection"),
    N_("words in capitals"),
    N_("a question at the end"),
    N_("dots that trail off"),
    N_("a number"),
    N_("a hashtag"),
    N_("a handle at the beginning"),
    N_("a link"),
    N_("a forwarded post"),
    # Reasons of the shipped playbook.
    N_("something is broken or wrong"),
    N_("outrage"),
    N_("asks why or what is going on"),
    N_("not arrived or late"),
    N_("displeased"),
    N_("nobody answers or helps"),
    N_("states a complaint or claim"),
    N_("takes leave for good"),
    N_("bitter praise"),
    N_("a negation in English"),
    N_("names a problem"),
    N_("something cannot be done"),
    N_("money or cancellation"),
    N_("again and still"),
    N_("again and still more than once"),
    N_("threatens to leave or warns others"),
    N_("asks for something to be done"),
    N_("tells of an own experience"),
    N_("a message of 12 words or more"),
    N_("a message of 18 words or more"),
    N_("a very short message"),
    N_("a long message where words meet by chance"),
    N_("a message of 35 words or more"),
    N_("a very long message"),
    N_("a plain word in a short message"),
    N_("a short message"),
    N_("several words of a debate"),
    N_("a word of a debate"),
    N_("asks for the reason and says nothing worse"),
    N_("late for long or again"),
    N_("says it to us"),
    N_("speaks of something else"),
    N_("speaks to somebody else"),
    N_("thanks in German and nothing bad"),
    N_("small talk and nothing bad"),
    N_("praise more than once"),
    N_("asks for information"),
    N_("politics or media"),
    N_("politics or media more than once"),
    N_("politics or media again and again"),
    N_("public debate"),
    N_("public debate more than once"),
    N_("not said to us"),
    N_("clear praise"),
    N_("words of a complaint"),
    N_("words of trouble"),
    N_("asks for something"),
)


def explained(sentence: str, texts: NullTranslations) -> str:
    """A sentence of a decision's `why`, in the reader's language; what nobody has translated stays as it is."""
    about_a_rule = said(sentence, RULES, texts, lambda name, value: _value(name, value, texts))
    return about_a_rule or said(sentence, CONSEQUENCES, texts) or reason(sentence, texts)


def reason(written: str, texts: NullTranslations) -> str:
    """What one condition found, or a line of points, in the reader's language."""
    return _in_words(written, texts) or written


def _in_words(written: str, texts: NullTranslations) -> str | None:
    """None where it is none of the known forms."""
    ways: tuple[Callable[[str, NullTranslations], str | None], ...] = (_signal, _joined, _reason, _titled)
    return next((known for way in ways if (known := way(written, texts)) is not None), None)


def _signal(written: str, texts: NullTranslations) -> str | None:
    found = SIGNALS.fullmatch(written)
    if found is None:
        return None
    reached = texts.gettext(REACHED) % found.groupdict()
    lines = [f"{reason(line['reason'], texts)} {line['points']}" for line in LINE.finditer(found["lines"] or "")]
    return f"{reached}: {', '.join(lines)}" if lines else reached


def _joined(written: str, texts: NullTranslations) -> str | None:
    """`A and B`, `A or B`, where every part is known by itself."""
    for word, between in ((" and ", texts.gettext("and")), (" or ", texts.gettext("or"))):
        parts = _apart(written, word)
        known = [_in_words(part, texts) for part in parts] if len(parts) > 1 else []
        if known and all(known):
            return f" {between} ".join(filter(None, known))
    return None


def _reason(written: str, texts: NullTranslations) -> str | None:
    return said(written, REASONS, texts, lambda name, value: _value(name, value, texts))


def _value(name: str, value: str, texts: NullTranslations) -> str:
    if name == "because":
        return "; ".join(reason(part, texts) for part in _apart(value, "; "))
    if name == "what":
        return _any_of(value, texts)
    if name == "names":
        return value.replace(" or ", f" {texts.gettext('or')} ")
    return value


def _any_of(signs: str, texts: NullTranslations) -> str:
    if signs in KNOWN:
        return texts.gettext(signs)
    return f" {texts.gettext('or')} ".join(reason(sign, texts) for sign in signs.split(" or "))


def _titled(written: str, texts: NullTranslations) -> str | None:
    """A sign or a line of points, with how often and the words that were found."""
    found = WITH_WORDS.fullmatch(written)
    title = found["title"] if found is not None else ""
    if found is None or title not in KNOWN:
        return None
    words = texts.gettext(title)
    if found["times"]:
        words += " (" + texts.gettext("%(number)s times") % {"number": found["times"]} + ")"
    return f"{words}: {found['words']}" if found["words"] else words


def _apart(written: str, separator: str) -> list[str]:
    """Split where the separator stands outside of quoted words."""
    parts = [""]
    for number, piece in enumerate(QUOTED.split(written)):
        if number % 2:
            parts[-1] += piece
            continue
        first, *others = piece.split(separator)
        parts[-1] += first
        parts += others
    return parts
