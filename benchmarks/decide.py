"""`playbook decide` with 200 rules and 2,000 phrases: texts a second on one core, growth from 20 rules, memory.

Ten times the rules are measured three ways: as many messages are meant by each (so ten times as many apply), no more
apply than before, and the hardest: rules made of everyday words, of which nine apply to every message.

Run: python -m benchmarks.decide [TEXTS]. Texts are made up from a seeded vocabulary whose words are as unevenly
used as in real messages, with fresh words, handles and links in between.
"""

from __future__ import annotations

import io
import platform
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from crisis_playbook import Playbook, load
from inbox.commands.playbook import decide_lines

SYLLABLES = [consonant + vowel for consonant in "bdfghklmnprstw" for vowel in "aeiou"]
SPICE = [
    "!!",
    "?",
    "😡",
    "🙂",
    "nicht",
    "#fail",
    "https://shop.example/a1",
    "@shop",
    "Straße",
    "schööön",
    "3",
    "19,90 €",
]


def vocabulary(count: int, dice: random.Random) -> list[str]:
    """Different made-up words of two to four syllables."""
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(dice.choices(SYLLABLES, k=dice.randint(2, 4)))] = None
    return list(words)


def playbook_file(rules: int, words: list[str], rare: list[str] | None = None) -> str:
    """One file with so many rules of ten phrases each, a complaint signal, and signs that are asked for.

    With `rare`, the rules after the twentieth take their words from there: many rules, and yet as few that apply.
    """
    dice = random.Random(1)
    lines = ["signals:", "  complaint:", "    points:"]
    lines += [
        f"      - {{sign: {sign}, points: 1}}" for sign in ("negation", "repeated_marks", "sad_or_angry_emoji", "smile")
    ]
    lines += ["      - {topic: bad, points: 2}", "    levels: {possible: 1, likely: 2}", "topics:"]
    lines += [f"  bad: {{any: [{', '.join(dice.sample(words, 20))}]}}", "rules:"]
    for number in range(rules):
        known = rare if rare is not None and number >= 20 else words
        chosen = [" ".join(dice.sample(known, dice.choice((1, 1, 2, 2, 3)))) for _ in range(10)]
        chosen = [f"{phrase}*" if dice.random() < 0.1 else phrase for phrase in chosen]
        lines += [f"  - rule: rule-{number}", "    when:", "      visibility: public"]
        lines += [f"      text_any: [{', '.join(orjson.dumps(phrase).decode() for phrase in chosen)}]"]
        lines += [f"    then: [{{label: label-{number}}}]", "    continue: true", "    examples:"]
        lines += [f"      applies: [{orjson.dumps(chosen[0].rstrip('*')).decode()}]", "      does_not_apply: [xyz]"]
    return "\n".join(lines) + "\n"


def texts(count: int, words: list[str], dice: random.Random) -> Iterator[bytes]:
    """JSON lines of about 20 words each."""
    weights = [1 / (rank + 3) for rank in range(len(words))]
    for number in range(count):
        chosen = dice.choices(words, weights, k=dice.randint(8, 30))
        chosen.insert(dice.randint(0, len(chosen)), dice.choice(SPICE))
        chosen.append(f"w{dice.randrange(10**9)}")
        yield orjson.dumps({"id": number, "text": " ".join(chosen), "kind": "comment"}) + b"\n"


def timed(playbook: Playbook, lines: list[bytes]) -> float:
    """Texts judged in a CPU second."""
    before = time.process_time()
    decide_lines(playbook, lines, io.BytesIO())
    return len(lines) / (time.process_time() - before)


def loaded(text: str) -> Playbook:
    """The playbook of one file."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "00.yml").write_text(text, "utf-8")
        return load(folder)


def applied(playbook: Playbook, lines: list[bytes]) -> float:
    """How many rules apply to a text on average: applying and explaining is work of its own."""
    written = io.BytesIO()
    decide_lines(playbook, lines, written)
    return sum(len(orjson.loads(line)["rules"]) for line in written.getvalue().splitlines()) / len(lines)


def main(count: int) -> None:
    """Print the machine, the speeds, how the cost grows, and the memory after a tenth and after all texts."""
    dice = random.Random(7)
    words = vocabulary(20_000, dice)
    lines = list(texts(count // 10, words, dice))
    print(f"{platform.platform()}, Python {platform.python_version()}")
    usual, often = words[500:8_000], words[20:620]
    unused = [f"{word}q" for word in vocabulary(8_000, dice)]
    compare(lines, {"20 rules": (20, usual, None), "200 rules": (200, usual, None),
                    "200 rules, as few apply": (200, usual, unused)})  # fmt: skip
    compare(lines, {"20 rules of everyday words": (20, often, None), "200 of the kind": (200, often, None)})
    whole = loaded(playbook_file(200, usual))
    with Path("/dev/null").open("wb") as nowhere:
        decide_lines(whole, lines, nowhere)
        start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        decide_lines(whole, texts(count, words, dice), nowhere)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start
    print(f"peak memory after {count // 10:,} texts {start // 1024} MiB, after {count:,} more {grown / 1024:+.0f} MiB")


def compare(lines: list[bytes], kinds: dict[str, tuple[int, list[str], list[str] | None]]) -> None:
    """Print the speed of each kind of playbook (rules, their words, the words after the twentieth rule), and how the
    cost grows against the first: for a text, and for each rule more that applies to it and is explained.

    `at first` is a playbook that has seen none of the words yet; the median is of texts whose words it knows."""
    playbooks = {name: loaded(playbook_file(*kind)) for name, kind in kinds.items()}
    speeds = {name: [timed(playbook, lines)] for name, playbook in playbooks.items()}
    for _ in range(5):
        for name, playbook in playbooks.items():
            speeds[name].append(timed(playbook, lines))
    base = next(iter(kinds))
    usual, few = statistics.median(speeds[base][1:]), applied(playbooks[base], lines)
    for name, playbook in playbooks.items():
        median, many = statistics.median(speeds[name][1:]), applied(playbook, lines)
        growth = f"cost {100 * (usual / median - 1):+.0f} %; {many:.2f} rules apply to a text"
        if many > 1.5 * few:
            growth += f", {1e6 * (1 / median - 1 / usual) / (many - few):.1f} µs for each more"
        print(f"{name}: {median:,.0f} texts a second ({speeds[name][0]:,.0f} at first); {growth}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
