"""The people of a demonstration shop and what they write: invented, German and English, on three channels."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.base import Author, Kind, Subject

SHOP_NAME = "Haushalt Lindner"
KETTLE = Subject(
    "post-kettle",
    "Unser neuer Wasserkocher AURA ist da: leise, sparsam, in fünf Farben. Bis Sonntag minus 20 Prozent. ☕️",
    "https://www.facebook.com/haushaltlindner/posts/kettle",
)
BREAD = Subject(
    "post-bread",
    "Sauerteig am Wochenende? Unser Brotbackautomat PANIS knetet, während ihr schlaft. 🍞",
    "https://www.instagram.com/p/panis",
)
OPENING = Subject(
    "post-opening",
    "Wir eröffnen am 1. Dezember unsere zweite Filiale in der Landstraßer Hauptstraße 71, Wien.",
    "https://www.facebook.com/haushaltlindner/posts/opening",
)


@dataclass(frozen=True, slots=True)
class Said:
    """One message: how many minutes before the picture is taken, where, by whom, what."""

    minutes: float
    account: str
    conversation: str
    kind: Kind
    who: Author | None
    """None: we, in the platform's own app."""
    text: str
    subject: Subject | None = None
    language: str | None = None
    with_whom: Author | None = None


def person(key: str, name: str, handle: str | None = None, followers: int | None = None) -> Author:
    """Somebody who writes."""
    return Author(f"person-{key}", name, handle, followers)


JANA = person("jana", "Jana Köhler-Brandstätter")
MEHMET = person("mehmet", "Mehmet Yıldız", "mehmet.y")
SOPHIE = person("sophie", "Sophie Lang", "sophie_backt", 18_400)
TOM = person("tom", "Tom Ashworth", "tomashworth", 2_310)
ELFRIEDE = person("elfriede", "Elfriede Maier")
LUKAS = person("lukas", "Lukas Grünwald", "lukasgruen", 540)
PRIYA = person("priya", "Priya Raman", "priya.cooks", 9_870)
FRANZ = person("franz", "Franz-Xaver Oberhummer")
NINA = person("nina", "Nina", "nina.h")
DANIEL = person("daniel", "Daniel Schäfer", "dschaefer")
CLARA = person("clara", "Clara Fontaine", "clarafontaine", 120)
AMIR = person("amir", "Amir Haddad", "amirhaddad_", 77)
GRETA = person("greta", "Greta Søndergaard")
BERND = person("bernd", "Bernd Überacker")
YUKI = person("yuki", "Yuki Tanaka", "yuki.t")
HANNA = person("hanna", "Hanna Reiter", "hannareiter")

COMMENT, MENTION, DIRECT = Kind.COMMENT, Kind.MENTION, Kind.DIRECT_MESSAGE
FB, IG, X = "lindner-facebook", "lindner-instagram", "lindner-x"

DAY = (
    Said(
        1500, FB, "c-franz", COMMENT, FRANZ, "Gibt es in der neuen Filiale auch eine Reparaturannahme?", OPENING, "de"
    ),
    Said(
        1440, FB, "c-franz", COMMENT, None, "Ja, ab dem ersten Tag, Herr Oberhummer. Mo–Fr 9 bis 18 Uhr.", OPENING, "de"
    ),
    Said(1380, IG, "d-nina", DIRECT, NINA, "Hallo! Liefert ihr den PANIS auch in die Schweiz? 🇨🇭", None, "de"),
    Said(
        1300,
        X,
        "m-clara",
        MENTION,
        CLARA,
        "Merci @haushaltlindner, the kettle arrived in two days and it is gorgeous 😍",
        None,
        "en",
    ),
    Said(
        245,
        FB,
        "c-bernd",
        COMMENT,
        BERND,
        "Seit drei Wochen warte ich auf meine Bestellung 4471-0923, an der Hotline hebt "
        "niemand ab. So etwas habe ich noch nie erlebt, eine Frechheit!",
        KETTLE,
        "de",
    ),
    Said(
        212,
        X,
        "m-tom",
        MENTION,
        TOM,
        "@haushaltlindner still waiting for my refund, it has been six weeks and nobody "
        "replies to my emails. What is going on?",
        None,
        "en",
    ),
    Said(
        160,
        FB,
        "d-elfriede",
        DIRECT,
        ELFRIEDE,
        "Guten Tag, ich finde die Rechnung zu meiner Bestellung nicht mehr. Können Sie "
        "mir die bitte noch einmal schicken? Mit freundlichen Grüßen, Elfriede Maier",
        None,
        "de",
    ),
    Said(
        95,
        IG,
        "c-sophie",
        COMMENT,
        SOPHIE,
        "Der PANIS ist nach zwei Monaten kaputt, der Knethaken dreht nicht mehr. Und das "
        "bei 189 Euro … sehr enttäuscht 😞",
        BREAD,
        "de",
    ),
    Said(84, IG, "c-priya", COMMENT, PRIYA, "Does it come with an English manual as well? 🙏", BREAD, "en"),
    Said(
        71,
        X,
        "d-daniel",
        DIRECT,
        DANIEL,
        "Hi, mein Paket ist laut Sendungsverfolgung zugestellt, aber bei mir ist nichts "
        "angekommen. Bestellnummer 4490-1180.",
        None,
        "de",
    ),
    Said(64, FB, "c-greta", COMMENT, GRETA, "Was kostet der AURA in Salbeigrün?", KETTLE, "de"),
    Said(52, IG, "d-yuki", DIRECT, YUKI, "Hello, do you ship to Japan?", None, "en"),
    Said(
        46,
        FB,
        "c-jana",
        COMMENT,
        JANA,
        "Euer Wasserkocher ist heute früh explodiert, heißes Wasser überall, meine Hand "
        "ist verbrannt! Was macht ihr jetzt?",
        KETTLE,
        "de",
    ),
    Said(
        41,
        X,
        "m-lukas",
        MENTION,
        LUKAS,
        "Super Beratung heute bei @haushaltlindner in Graz, danke an die nette Dame an der Kassa! 👏",
        None,
        "de",
    ),
    Said(33, FB, "d-hanna", DIRECT, HANNA, "Ist die Filiale am Mariahilfer Gürtel am 8. Dezember offen?", None, "de"),
    Said(27, IG, "c-sophie", COMMENT, SOPHIE, "Und auf die Mail vom Freitag kam auch keine Antwort.", BREAD, "de"),
    Said(
        22,
        X,
        "m-amir",
        MENTION,
        AMIR,
        "@haushaltlindner your promo code AURA20 does not work at checkout, what am I doing wrong?",
        None,
        "en",
    ),
    Said(
        18,
        FB,
        "d-mehmet",
        DIRECT,
        MEHMET,
        "Hallo, ich möchte meine Lieferadresse ändern, bevor das Paket losgeht. Geht das noch?",
        None,
        "de",
    ),
    Said(
        12,
        FB,
        "c-jana",
        COMMENT,
        JANA,
        "Ich war gerade beim Arzt. Verbrennung zweiten Grades. Ich habe Fotos.",
        KETTLE,
        "de",
    ),
    Said(9, IG, "d-nina", DIRECT, NINA, "Und was würde der Versand nach Zürich kosten?", None, "de"),
    Said(4, X, "d-daniel", DIRECT, DANIEL, "Der Nachbar hat es auch nicht …", None, "de"),
)

TEXTS = (
    (
        "versand-schweiz",
        "de",
        "Hallo {{ first_name }}, ja, wir liefern in die Schweiz und nach Liechtenstein. "
        "Der Versand kostet 14,90 €, ab 150 € ist er gratis. Verzollt wird bei uns, es "
        "kommt nichts dazu. {{ agent }}",
    ),
    (
        "rechnung",
        "de",
        "Liebe(r) {{ name }}, die Rechnung schicken wir Ihnen gern noch einmal. Nennen "
        "Sie uns bitte Ihre Bestellnummer. {{ agent }}",
    ),
    (
        "adresse",
        "de",
        "Hallo {{ first_name }}, solange das Paket nicht unterwegs ist, ändern wir die "
        "Adresse gern. Wie lautet die neue? {{ agent }}",
    ),
    ("shipping", "en", "Hi {{ first_name }}, we ship all over Europe within three to five days. {{ agent }}"),
)
