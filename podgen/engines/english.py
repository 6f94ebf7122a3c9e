"""English as the engines that share Kokoro's phonemes need it: check, phonemes, duration."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from podgen.engines.base import Utterance
from podgen.engines.checks import Problems
from podgen.engines.g2p import G2P, UnspeakableError
from podgen.engines.ipa import foreign_sounds
from podgen.errors import EngineError, Problem
from podgen.text.sentences import Sentence, split_sentences
from podgen.text.silence import is_silent

__all__ = ["G2P", "RULES_VERSION", "phonemes", "problems", "seconds"]

RULES_VERSION = "2"
"""Changes whenever the same text may give other phonemes; part of the engines' fingerprints."""


def problems(utterance: Utterance, *, british: bool = False) -> Problems:
    """Words and phonemes of an English utterance that would be dropped."""
    given = {word for word, _ in utterance.phonemes}
    found: Problems = [
        (f"an English voice cannot say `{word}`", "take it out, or respell it in the lexicon")
        for word in _foreign_words(utterance.text)
        if word not in given
    ]
    for word, spelling in utterance.phonemes:
        strange = foreign_sounds(spelling, british=british)
        if strange:
            found.append(
                (
                    f"the phonemes /{spelling.strip('/')}/ of `{word}` hold `{strange}`, which an "
                    "English voice has no sound for",
                    "write them with English sounds",
                )
            )
    return found


def phonemes(read: G2P, utterance: Utterance) -> list[Sentence]:
    """The sentences of an utterance as phonemes.

    Raises:
        EngineError: naming words that came out without a sound.
    """
    words = dict(utterance.phonemes)
    out: list[Sentence] = []
    for sentence in split_sentences(utterance.text):
        try:
            spoken = read(sentence.text, words)
        except UnspeakableError as error:
            raise EngineError(
                [
                    Problem(
                        f"an English voice cannot say `{word}`",
                        "take it out, or respell it in the lexicon",
                        turn=utterance.id,
                    )
                    for word in error.words
                ]
            ) from error
        if not is_silent(spoken):
            out.append(Sentence(spoken, sentence.ends_paragraph))
    if not out:
        raise EngineError(
            Problem("there is nothing to say in the text", "write words", turn=utterance.id)
        )
    return out


def seconds(text: str, speed: float) -> float:
    """Roughly how long an English text in words takes, from its letters, capitals and stops.

    The weights fit Kokoro and hibari within a quarter on plain sentences.
    """
    letters = len(re.findall(r"[^\W\d_]", text))
    spelled = sum(map(len, re.findall(r"\b[A-Z]{2,5}\b", text)))
    stops = len(re.findall(r"[.!?…]+(?=\s|$)|[,;:—]", text))
    return 0.75 + (letters * 0.064 + spelled * 0.17 + stops * 0.2) / speed


@lru_cache(maxsize=4096)
def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN ")


def _foreign_words(text: str) -> list[str]:
    """The words of `text` with letters of another script, each once, in order."""
    if text.isascii():
        return []
    found: dict[str, None] = {}
    for word in unicodedata.normalize("NFC", text).split():
        if any(c.isalpha() and not c.isascii() and not _is_latin(c) for c in word):
            found[word.strip(".,;:!?\"'()[]“”‘’…") or word] = None
    return list(found)
