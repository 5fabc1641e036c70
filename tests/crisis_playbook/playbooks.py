"""A small whole playbook for tests, and ways to change and load it."""

from __future__ import annotations

from crisis_playbook import Playbook, load_files

BASICS = """\
teams:
  social: {members: [anna@shop.example, ben@shop.example], notify: ["mailto://team@shop.example"]}
  safety: {members: [cleo@shop.example], backup: social}
hours:
  support:
    open:
      mon-thu: ["08:30-12:00", "13:00-17:30"]
      fri: ["08:30-14:00"]
    holidays: [AT]
    closed: [2026-12-24]
targets:
  - {when: {severity: crisis}, first_response: 15m, next_response: 30m, hours: always}
  - when: {visibility: public}
    first_response: 1h
    hours: support
topics:
  complaint:
    any: ["nicht angekommen", "kaputt", "reklamation*", "frechheit"]
    not: ["nicht kaputt"]
  injury:
    any: ["verletzt*", "explodiert"]
signals:
  complaint:
    points:
      - {topic: complaint, points: 2}
      - {topic: complaint, times: 2, points: 1}
      - {sign: negation, points: 1}
      - {sign: thanks_only, points: -1}
    levels: {possible: 2, likely: 3}
questions:
  - {id: broken, when: {topic: complaint}, answer: what-to-do}
"""
RULES = """\
rules:
  - rule: product-injury
    severity: crisis
    when:
      spoken_by: customer
      topic: injury
    then:
      - assign: safety
      - label: product-safety
      - suggest: {move_to_private: first-contact}
      - hold_replies: for_approval
      - notify: safety
    examples:
      applies: ["Der Wasserkocher ist explodiert!"]
      does_not_apply: [Eure Preise sind explosiv]
  - rule: public-complaint
    severity: watch
    when: {visibility: public, addressed: true, complaint: likely}
    then:
      - suggest: {move_to_private: to-private}
      - label: complaint
    continue: true
    examples:
      applies: [Mein Paket ist nicht angekommen]
      does_not_apply: [Wann kommt mein Paket?]
  - rule: first-reply-private
    when: {visibility: private, first_of_conversation: true}
    then:
      - reply: first-reply
"""
ALARMS = """\
alarms:
  - alarm: complaint-wave
    count: {label: complaint}
    at_least: 10
    people: 5
    within: 60m
    times_usual: 3
    level: 2
    cooldown: 60m
levels:
  2: {title: Gegenwind, notify: [social]}
  4: {title: Krise, automatic_replies: none, hold_replies: for_approval, targets: crisis, expires: 24h, checklist: [a]}
"""
FILES = {"00_basics.yml": BASICS, "10_rules.yml": RULES, "90_alarms.yml": ALARMS}
TEMPLATES = frozenset({"first-contact", "to-private", "first-reply", "what-to-do"})


def loaded(files: dict[str, str] | None = None) -> Playbook:
    """The playbook of these files, or the small whole one."""
    texts = FILES if files is None else files
    return load_files({name: text.encode() for name, text in texts.items()}, TEMPLATES if files is None else None)


def with_rules(rules: str, basics: str = "") -> Playbook:
    """A playbook of one file with these rules (YAML, without the line `rules:`)."""
    return loaded({"00.yml": f"{basics}rules:\n{rules}"})
