"""The language of a short message: German, English, French or Italian, or unknown.

Function words decide first, because they are certain and cheap; py3langid (limited to the four) decides the rest
and is imported only when it is first needed. Where neither is sure the answer is None, and the account's default
language is used.
"""

from __future__ import annotations

import mmap
import re
import tempfile
from array import array
from functools import lru_cache
from typing import Any

from crisis_playbook.remembered import Remembered

LANGUAGES = ("de", "en", "fr", "it")
SURE = 0.8
MOST_LETTERS = 400
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_NOT_LANGUAGE = re.compile(r"(?:https?://|www\.)\S+|[@#]\w+")

_FUNCTION_WORDS = {
    "de": """ich du er sie es wir ihr euch mir mich dir dich uns der das dem den ein eine einen einem einer und
        oder aber nicht kein keine ist sind war bin habe hab hat haben hatte wird werden wurde kann könnt
        können auf mit von für bei nach aus zum zur im auch noch schon nur sehr wie wo wann warum wieso weil
        wenn dass bitte danke seit immer wieder mein meine meinen euer eure eurem ihnen ihre gibt mal doch
        jetzt heute grüezi servus moin bestellung lieferung paket hallo""",
    "en": """i you he she it we they me my your our the a an and or but not no is are was were be been have has
        had do does did will would can could should on with from for at by to of this that there what when
        where why how who please thanks thank still just again never get got order hi hello refund delivery
        it's don't i'm""",
    "fr": """je tu il elle nous vous ils elles le la les un une des et ou mais pas ne est sont était avec pour
        dans sur que qui quoi où quand comment pourquoi bonjour merci mon ma mes votre vos commande
        livraison c'est j'ai avez""",
    "it": """io tu lui lei noi voi loro il lo la gli le un una e o ma non è sono era con per di del della che chi
        dove quando come perché ciao grazie mio mia vostro ordine consegna ho hai avete questo buongiorno""",
}
_EVIDENCE: dict[str, tuple[str, ...]] = {}
for _language, _words in _FUNCTION_WORDS.items():
    for _word in _words.split():
        _EVIDENCE[_word] = (*_EVIDENCE.get(_word, ()), _language)


def detect(text: str) -> str | None:
    """The language of `text` as an ISO 639-1 code, or None where it cannot be told."""
    best, language, second = _vote(text)
    if _is_certain(best, second):
        return language
    words = _WORD.findall(_NOT_LANGUAGE.sub(" ", text[:MOST_LETTERS]).lower())
    if not words:
        return None
    guess, certainty = _identifier().classify(" ".join(words))
    if certainty >= SURE and (len(words) > 2 or best == 0 or language == guess):
        return str(guess)
    return language if best > second else None


def by_function_words(text: str) -> str | None:
    """The language where function words alone are certain of it: cheap, and without py3langid's memory."""
    best, language, second = _vote(text)
    return language if _is_certain(best, second) else None


def _is_certain(best: float, second: float) -> bool:
    return best >= 2 and best >= 2 * second


def _vote(text: str) -> tuple[float, str, float]:
    """What function words say: the best language with its votes, and the votes of the second."""
    votes = dict.fromkeys(LANGUAGES, 0.0)
    for languages in filter(None, map(_CHUNKS.__getitem__, text[:MOST_LETTERS].split())):
        for language in languages:
            votes[language] += 1 / len(languages)
    (best, language), (second, _) = sorted(((vote, name) for name, vote in votes.items()), reverse=True)[:2]
    return best, language, second


def _spoken_for(chunk: str) -> tuple[str, ...]:
    """The languages a chunk speaks for; handles and links speak for none."""
    if chunk[0] in "@#" or "://" in chunk:
        return ()
    words = _WORD.findall(chunk.lower().replace("’", "'"))
    return tuple(language for word in words for language in _EVIDENCE.get(word, ()))


_CHUNKS = Remembered(_spoken_for)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """py3langid with our languages alone: as it loads itself it holds 75 MiB, so it holds 10."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    whole = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    whole.set_languages(list(LANGUAGES))
    return LanguageIdentifier(
        whole.nb_ptc, whole.nb_pc, whole.nb_classes, _on_disk(whole.tk_nextmove), whole.tk_output, norm_probs=True,
        tk_row=whole.tk_row,
    )  # fmt: skip


def _on_disk(table: array[int]) -> Any:
    """The same numbers in a nameless file mapped into memory: what no text asks for takes none."""
    with tempfile.TemporaryFile() as file:
        table.tofile(file)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return memoryview(mapped).cast(table.typecode)  # type: ignore[arg-type]
