"""English text to the phonemes that Kokoro-82M and hibari were trained on.

hibari's G2P (a port of misaki) does the reading; `mending` repairs the text before it, and IPA
from a lexicon replaces it word by word. The alphabet is Kokoro's: one letter per diphthong (A for
eɪ, O for oʊ ...) and a stress mark directly before its vowel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from podgen.engines.ipa import to_kokoro
from podgen.text.mending import CLOSE, OPEN, SPEAK, mend
from podgen.text.sentences import split_sentences

_SPAN = re.compile(f"{OPEN}([^{OPEN}{CLOSE}{SPEAK}]*)(?:{SPEAK}([^{OPEN}{CLOSE}{SPEAK}]*))?{CLOSE}")


class UnspeakableError(ValueError):
    """Carries the words that came out of the G2P without a sound."""

    def __init__(self, words: list[str]) -> None:
        super().__init__(", ".join(words))
        self.words = words


class G2P:
    """Reads English sentences. Loading takes 0.3 s; a sentence about 1 ms."""

    def __init__(self, *, british: bool = False) -> None:
        from hibari import g2p

        self.british = british
        self._g2p: Any = g2p.G2P(british=british)

    def __call__(self, sentence: str, words: Mapping[str, str] | None = None) -> str:
        """Phonemes of one sentence, in Kokoro's alphabet.

        `words` maps words as they stand in the text to IPA.

        Raises:
            UnspeakableError: naming words of the text that would be left out.
        """
        text, spans = _normalized(
            give_phonemes(sentence, words or {}, british=self.british), british=self.british
        )
        text = text.replace("[", "(").replace("]", ")")
        text = _with_spans(text, [w if p is None else f"[{w}](/{p}/)" for w, p in spans])
        tokens = self._g2p.phonemize_tokens(self._g2p.tokenize(text))
        mute = [t.text for t in tokens if not t.phonemes and any(c.isalnum() for c in t.text)]
        if mute:
            raise UnspeakableError(mute)
        joined = "".join((t.phonemes or "") + (" " if t.whitespace else "") for t in tokens)
        return re.sub(r"\s+", " ", joined).strip()


def spoken(text: str, *, british: bool = False) -> str:
    """`text` as it is read aloud: numbers, abbreviations and addresses in words where known."""
    sentences = []
    for sentence in split_sentences(text):
        words, spans = _normalized(sentence.text, british=british)
        sentences.append(_with_spans(words, [word for word, _ in spans]))
    return " ".join(sentences)


def _normalized(text: str, *, british: bool) -> tuple[str, list[tuple[str, str | None]]]:
    """Mended and normalised text, and the spans that stand in it as placeholders.

    Shielded words pass hibari's normaliser as meaningless ones, so that it leaves them alone.
    """
    from hibari.g2p.normalize import normalize

    spans: list[tuple[str, str | None]] = []

    def hide(match: re.Match[str]) -> str:
        spans.append((match[1], match[2]))
        return _placeholder(len(spans) - 1, capital=match[1][:1].isupper())

    return normalize(_SPAN.sub(hide, mend(text, british=british))), spans


def _with_spans(text: str, shown: Sequence[str]) -> str:
    if not shown:
        return text
    return re.sub(r"[Qq]zq([a-z]{3})qz", lambda m: shown[_placeholder_index(m[1])], text)


def give_phonemes(text: str, words: Mapping[str, str], *, british: bool) -> str:
    """`text` with each whole word of `words` marked to be spoken as its IPA."""
    if not words:
        return text
    longest_first = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))

    def mark(match: re.Match[str]) -> str:
        word, possessive = match[1], match[2] or ""
        sounds = to_kokoro(words[word], british=british)
        if possessive:
            sounds += _possessive(sounds, british=british)
        return f"{OPEN}{word}{possessive}{SPEAK}{sounds}{CLOSE}"

    return re.sub(rf"(?<!\w)({longest_first})(['’]s)?(?!\w)", mark, text)


def _possessive(sounds: str, *, british: bool) -> str:
    if sounds.endswith(("s", "z", "ʃ", "ʒ", "ʧ", "ʤ")):
        return "ɪz" if british else "ᵻz"
    return "s" if sounds.endswith(("p", "t", "k", "f", "θ")) else "z"


_LETTERS = "abcdefghjkmnoprstuwy"


def _placeholder(index: int, *, capital: bool) -> str:
    letters = ""
    for _ in range(3):
        index, digit = divmod(index, len(_LETTERS))
        letters = _LETTERS[digit] + letters
    return ("Q" if capital else "q") + "zq" + letters + "qz"


def _placeholder_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * len(_LETTERS) + _LETTERS.index(letter)
    return index
