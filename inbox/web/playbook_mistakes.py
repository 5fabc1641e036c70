"""What is wrong in a playbook's files, in the reader's language.

The loader knows no languages: it says in English what is wrong and what to write. Its forms are few and fixed, so that
they are put into another language where they are read, also those stored long ago. Names, texts and keys of the
playbook stay as they were written; they are what the manager has to look for.
"""

from __future__ import annotations

import re
from gettext import NullTranslations

from inbox.web.explanations import reason
from inbox.web.playbook_things import THINGS
from inbox.web.sentences import Forms, said

N_ = str
"""Marks a text for translation without translating it here."""

MESSAGES = (
    (
        r"(?P<found>a list|a mapping|nothing|'.*') stands where (?P<wanted>.*) belongs?",
        N_("%(found)s stands where %(wanted)s belongs"),
    ),
    (r"a text of (?P<number>\d+) letters", N_("a text of %(number)s letters")),
    (r"a phrase of (?P<number>\d+) letters", N_("a phrase of %(number)s letters")),
    (r"a pattern of (?P<number>\d+) signs", N_("a pattern of %(number)s signs")),
    (r"a list of (?P<number>\d+) entries", N_("a list of %(number)s entries")),
    (r"(?P<number>\d+) files", N_("%(number)s files")),
    (r"(?P<found>a list|a mapping|'.*') is no true or false", N_("%(found)s is no true or false")),
    (r"(?P<found>a list|a mapping|'.*') is no number", N_("%(found)s is no number")),
    (r"(?P<number>\S+) is too small", N_("%(number)s is too small")),
    (r"(?P<number>\S+) is too large", N_("%(number)s is too large")),
    (r"(?P<word>'.*') is not known here", N_("%(word)s is not known here")),
    (r"(?P<word>'.*') is no length of time", N_("%(word)s is no length of time")),
    (r"(?P<word>'.*') is not between a second and a year", N_("%(word)s is not between a second and a year")),
    (r"there is no team (?P<word>'.*')", N_("there is no team %(word)s")),
    (r"there is no topic (?P<word>'.*')", N_("there is no topic %(word)s")),
    (r"there is no rule (?P<word>'.*')", N_("there is no rule %(word)s")),
    (r"there is no alarm (?P<word>'.*')", N_("there is no alarm %(word)s")),
    (r"there is no reply template (?P<word>'.*')", N_("there is no reply template %(word)s")),
    (r"there are no hours (?P<word>'.*')", N_("there are no hours %(word)s")),
    (r"(?P<word>'.*') is no template's name", N_("%(word)s is no template's name")),
    (r"(?P<word>'.*') is not known in (?P<thing>.*)", N_("%(word)s is not known in %(thing)s")),
    (r"(?P<thing>.*) has no (?P<word>'.*')", N_("%(thing)s has no %(word)s")),
    (r"(?P<thing>.*) is empty", N_("%(thing)s is empty")),
    (r"(?P<word>'.*') is no name", N_("%(word)s is no name")),
    (r"(?P<word>'.*') is no section of a playbook", N_("%(word)s is no section of a playbook")),
    (r"(?P<word>'.*') is no condition here", N_("%(word)s is no condition here")),
    (r"(?P<word>'.*') is no language", N_("%(word)s is no language")),
    (r"(?P<word>'.*') is no date and time", N_("%(word)s is no date and time")),
    (r"(?P<word>'.*') is no date", N_("%(word)s is no date")),
    (r"(?P<word>'.*') is no time range", N_("%(word)s is no time range")),
    (r"(?P<word>'.*') is no time of day", N_("%(word)s is no time of day")),
    (r"(?P<word>'.*') ends before it begins", N_("%(word)s ends before it begins")),
    (
        r"(?P<word>'.*') ends before it begins or lasts over a year",
        N_("%(word)s ends before it begins or lasts over a year"),
    ),
    (r"(?P<word>'.*') names no days", N_("%(word)s names no days")),
    (r"(?P<word>'.*') is no level", N_("%(word)s is no level")),
    (r"(?P<word>'.*') is not (?P<thing>an? .*)", N_("%(word)s is not %(thing)s")),
    (r"(?P<word>'.*') cannot be expected here", N_("%(word)s cannot be expected here")),
    (
        r"the [a-z]+ (?P<word>'.*') is defined already at (?P<place>\S+)",
        N_("%(word)s is defined already at %(place)s"),
    ),
    (r"the complaint signal has no level (?P<word>'.*')", N_("the complaint signal has no level %(word)s")),
    (r"the signal (?P<name>\S+) has no level (?P<word>'.*')", N_("the signal %(name)s has no level %(word)s")),
    (r"(?P<thing>.*) holds no condition", N_("%(thing)s holds no condition")),
    (r"rule (?P<name>\S+) has no examples", N_("rule %(name)s has no examples")),
    (r"rule (?P<name>\S+) has no example under 'applies'", N_("rule %(name)s has no example under 'applies'")),
    (r"rule (?P<name>\S+) has no 'then'", N_("rule %(name)s has no 'then'")),
    (r"rule (?P<name>\S+) has no near miss", N_("rule %(name)s has no near miss")),
    (
        r"in the whole playbook rule (?P<name>\S+) decides this example before (?P<rule>\S+)",
        N_("in the whole playbook rule %(name)s decides this example before %(rule)s"),
    ),
    (
        r"alarm (?P<name>\S+) counts the label (?P<word>'.*'), which no rule sets",
        N_("alarm %(name)s counts the label %(word)s, which no rule sets"),
    ),
    (
        r"rule (?P<name>\S+) does not apply to its example (?P<word>'.*'): (?P<why>.*)",
        N_("rule %(name)s does not apply to its example %(word)s: %(why)s"),
    ),
    (
        r"rule (?P<name>\S+) applies to (?P<word>'.*'), which it must not: (?P<why>.*)",
        N_("rule %(name)s applies to %(word)s, which it must not: %(why)s"),
    ),
    (r"scenario (?P<name>.*) at (?P<time>\d+h\d+m): (?P<problem>.*)", N_("scenario %(name)s at %(time)s: %(problem)s")),
    # What a scenario finds.
    (r"the level is (?P<number>\d+), not (?P<other>\d+)", N_("the level is %(number)s, not %(other)s")),
    (
        r"the alarms that fired are \[(?P<names>.*)\], not \[(?P<others>.*)\]",
        N_("the alarms that fired are [%(names)s], not [%(others)s]"),
    ),
    (
        r"rule (?P<name>\S+) did not apply \(applied: (?P<names>.*)\)",
        N_("rule %(name)s did not apply (applied: %(names)s)"),
    ),
    (r"rule (?P<name>\S+) applied", N_("rule %(name)s applied")),
    (r"the severity is (?P<name>\S+), not (?P<other>\S+)", N_("the severity is %(name)s, not %(other)s")),
    (r"the label (?P<name>.+) is not set", N_("the label %(name)s is not set")),
    (r"the automatic reply is (?P<name>\S+), not (?P<other>\S+)", N_("the automatic reply is %(name)s, not %(other)s")),
    (r"(?P<name>\S+) is not suggested", N_("%(name)s is not suggested")),
    # Words and patterns.
    (r"(?P<word>'.*') begins with any word", N_("%(word)s begins with any word")),
    (r"(?P<word>'.*') ends with any word", N_("%(word)s ends with any word")),
    (r"(?P<word>'.*') holds no word", N_("%(word)s holds no word")),
    (r"(?P<word>'.*') has a '\*' inside a word", N_("%(word)s has a '*' inside a word")),
    (r"(?P<word>'.*') has a '\*' without a word", N_("%(word)s has a '*' without a word")),
    (r"(?P<word>'.*') would match nearly every word", N_("%(word)s would match nearly every word")),
    (r"the class (?P<word>.*) holds a letter outside a-z", N_("the class %(word)s holds a letter outside a-z")),
    (
        r"the pattern (?P<word>.*) is refused by RE2: (?P<said>.*)",
        N_("the pattern %(word)s is refused by RE2: %(said)s"),
    ),
    (r"the pattern (?P<word>.*) matches an empty text", N_("the pattern %(word)s matches an empty text")),
    # Files and YAML.
    (r"the file has (?P<size>\S+) MB, at most 1 MB is read", N_("the file has %(size)s MB, at most 1 MB is read")),
    (r"no valid YAML: (?P<yaml>.*)", N_("no valid YAML: %(yaml)s")),
    (r"nested more than (?P<number>\d+) deep", N_("nested more than %(number)s deep")),
    (r"the tag (?P<word>'.*') is not known here", N_("the tag %(word)s is not known here")),
    (r"more than (?P<number>\S+) aliases", N_("more than %(number)s aliases")),
    (r"more than (?P<number>\S+) values", N_("more than %(number)s values")),
    (r"the alias (?P<word>'.*') has no anchor", N_("the alias %(word)s has no anchor")),
    (r"the alias (?P<word>'.*') holds itself", N_("the alias %(word)s holds itself")),
    (r"(?P<word>'.*') \(merging\) is not allowed", N_("%(word)s (merging) is not allowed")),
    (r"(?P<word>'.*') is written twice", N_("%(word)s is written twice")),
    (r"cannot be read: (?P<said>.*)", N_("cannot be read: %(said)s")),
)

FIXES = (
    (r"did you mean (?P<word>'.*')\?", N_("did you mean %(word)s?")),
    (r"did you mean (?P<word>'.*')\? \(mon-fri, or sat\)", N_("did you mean %(word)s? (mon-fri, or sat)")),
    (r"write one of: (?P<words>.*)", N_("write one of: %(words)s")),
    (r"write at most (?P<number>\d+)", N_("write at most %(number)s")),
    (r"write at most (?P<number>\d+) letters", N_("write at most %(number)s letters")),
    (r"write at most (?P<number>\d+) signs", N_("write at most %(number)s signs")),
    (r"write (?P<number>[-\d.e+]+) or more", N_("write %(number)s or more")),
    (r"write (?P<number>[-\d.e+]+) or less", N_("write %(number)s or less")),
    (r"write (?P<thing>a whole number|a number), such as 3", N_("write %(thing)s, such as 3")),
    (r"write keys such as (?P<words>.*)", N_("write keys such as %(words)s")),
    (r"add '(?P<word>\w+): …'", N_("add '%(word)s: …'")),
    (r"begin each of the .+ with '- '", N_("begin each of the entries with '- '")),
    (r"write it as in (?P<words>.*)", N_("write it as in %(words)s")),
    (r"expect it in (?P<thing>.*)", N_("expect it in %(thing)s")),
    (r"write (?P<thing>.*): \[ … \]", N_("write %(thing)s: [ … ]")),
    (r"write (?P<thing>.*)", N_("write %(thing)s")),
)
"""The last one takes what no line before it took, where its thing is known."""


def said_wrong(message: str, texts: NullTranslations) -> str:
    """What is wrong, in the reader's language; as it is where nobody has translated it."""
    return _said(message, MESSAGES, texts)


def said_fix(fix: str, texts: NullTranslations) -> str:
    """What to write instead, in the reader's language."""
    return _said(fix, FIXES, texts)


def said_mistake(line: str, texts: NullTranslations) -> str:
    """A whole mistake, `file:line: what is wrong; what to write`, as it is stored and shown in one line."""
    found = re.fullmatch(r"(\S+:\d+): (.*); (.*)", line, re.DOTALL)
    if found is None:
        return line
    place, message, fix = found.groups()
    return f"{place}: {said_wrong(message, texts)}; {said_fix(fix, texts)}"


def _said(written: str, forms: Forms, texts: NullTranslations) -> str:
    if written in THINGS:
        return texts.gettext(written)
    return said(written, forms, texts, lambda name, value: _value(name, value, texts)) or written


def _value(name: str, value: str, texts: NullTranslations) -> str | None:
    if name == "thing":
        # `write …` and `… is empty` fit many sentences: only where the thing is one of the grammar's they are meant.
        return _thing(value, texts)
    if name in ("found", "wanted", "yaml"):
        return _thing(value, texts) or value
    if name == "problem":
        return said_wrong(value, texts)
    if name == "why":
        return reason(value, texts)
    return value


def _thing(value: str, texts: NullTranslations) -> str | None:
    """A thing of the playbook: `a rule`, `the name of a team`, `one of a, b`. None for what is none."""
    if value in THINGS:
        return texts.gettext(value)
    one_of = re.fullmatch(r"one of (.*)", value)
    if one_of:
        return texts.gettext("one of %(words)s") % {"words": one_of[1]}
    level = re.fullmatch(r"a level of (\S+)", value)
    if level:
        return texts.gettext("a level of %(name)s") % {"name": level[1]}
    return None
