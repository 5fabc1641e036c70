"""`playbook decide` with 200 rules and 2,000 phrases: texts a second on one core, growth from 20 rules, memory.

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


def playbook_files(rules: int, phrases: int, words: list[str], dice: random.Random) -> str:
    """One file with so many rules and phrases, a complaint signal, and signs that are asked for."""
    lines = ["signals:", "  complaint:", "    points:"]
    lines += [
        f"      - {{sign: {sign}, points: 1}}" for sign in ("negation", "repeated_marks", "sad_or_angry_emoji", "smile")
    ]
    lines += ["      - {topic: bad, points: 2}", "    levels: {possible: 1, likely: 2}", "topics:"]
    lines += [f"  bad: {{any: [{', '.join(dice.sample(words, 20))}]}}", "rules:"]
    each = phrases // rules
    for number in range(rules):
        chosen = [" ".join(dice.sample(words, dice.choice((1, 1, 2, 2, 3)))) for _ in range(each)]
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


def main(count: int) -> None:
    """Print the machine, both speeds, their ratio, and the memory after a tenth and after all texts."""
    dice = random.Random(7)
    words = vocabulary(20_000, dice)
    usual = words[500:8_000]
    playbooks = {}
    for rules in (20, 200):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "00.yml").write_text(playbook_files(rules, rules * 10, usual, random.Random(1)), "utf-8")
            before = time.perf_counter()
            playbooks[rules] = load(folder)
            print(f"{rules} rules with {rules * 10} phrases loaded in {time.perf_counter() - before:.2f} s")
    lines = list(texts(count // 10, words, dice))
    speeds: dict[int, list[float]] = {20: [], 200: []}
    for _ in range(3):
        for rules, playbook in playbooks.items():
            speeds[rules].append(timed(playbook, lines))
    few, many = (statistics.median(speeds[rules]) for rules in (20, 200))
    print(f"{platform.platform()}, Python {platform.python_version()}")
    print(f"20 rules: {few:,.0f} texts a second; 200 rules: {many:,.0f}; cost grows by {100 * (few / many - 1):.0f} %")
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Path("/dev/null").open("wb") as nowhere:
        decide_lines(playbooks[200], texts(count, words, dice), nowhere)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start
    print(f"peak memory after {count // 10:,} texts {start // 1024} MiB, after {count:,} more {grown / 1024:+.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
