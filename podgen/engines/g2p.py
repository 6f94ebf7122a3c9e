"""English in words to the phonemes that Kokoro-82M and hibari were trained on.

hibari's G2P (a port of misaki) does the reading, without its normaliser: figures and signs are
words by now. IPA from a lexicon replaces it word by word. The alphabet is Kokoro's: one letter per
diphthong (A for eɪ, O for oʊ ...) and a stress mark directly before its vowel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from podgen.engines.ipa import to_kokoro

_SPELT = {
    "shh": "ʃ", "shhh": "ʃ", "sh": "ʃ", "psst": "pst", "pst": "pst", "pfft": "ft", "brr": "bˈɜɹ",
    "brrr": "bˈɜɹ", "tsk": "tˈɪsk", "ugh": "ˈʌɡ", "aww": "ˈɔ", "aw": "ˈɔ", "eww": "jˈu",
    "ew": "jˈu", "hmm": "hmm", "hm": "hmm", "hmmm": "hmm", "mmm": "mm", "mm": "mm", "whew": "hwjˈu",
    "'tis": "tˈɪz", "'twas": "twˈʌz", "'em": "əm", "'cause": "kˈʌz",
}  # fmt: skip
"""What the G2P would spell letter by letter, and single letters that it takes for words."""
_SPELT_WORD = re.compile(
    r"(?i)(?<![\w'])(" + "|".join(map(re.escape, _SPELT)) + r")(?![\w']|-\w)"
    r"|(?<=[A-Z] )A(?= [A-Z]\b)"
)
_LONG_CHAIN = re.compile(r"\S{50,}")
"""Words without a space between them; the G2P tries every part of a chain, in cubic time."""
_BRACKETS = str.maketrans({"[": "(", "]": ")", "’": "'"})


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
        text = _LONG_CHAIN.sub(_loosened, sentence.translate(_BRACKETS))
        marked = give_phonemes(text, words or {}, british=self.british)
        tokens = self._g2p.phonemize_tokens(self._g2p.tokenize(marked))
        mute = [t.text for t in tokens if not t.phonemes and any(c.isalnum() for c in t.text)]
        if mute:
            raise UnspeakableError(mute)
        joined = "".join((t.phonemes or "") + (" " if t.whitespace else "") for t in tokens)
        return re.sub(r"\s+", " ", joined).strip()


def _loosened(chain: re.Match[str]) -> str:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", chain[0])
    return re.sub(r"(?<=\w)[^\w\s']+(?=\w)", lambda joint: f"{joint[0].strip('-')} ", parted)


def give_phonemes(text: str, words: Mapping[str, str], *, british: bool) -> str:
    """`text` with each whole word of `words`, and what must be spelt, marked with its sounds.

    A mark is `[word](/sounds/)`, as misaki reads it.
    """
    text = re.sub(r"(?<![\w-])A-(?=[^\W\d_])", "[A](/ˈA/) ", text)
    text = _SPELT_WORD.sub(lambda m: f"[{m[0]}](/{_SPELT.get(m[0].lower(), 'ˈA')}/)", text)
    if not words:
        return text
    longest_first = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))

    def mark(match: re.Match[str]) -> str:
        word, possessive = match[1], match[2] or ""
        sounds = to_kokoro(words[word], british=british)
        if possessive:
            sounds += _possessive(sounds, british=british)
        return f"[{word}{possessive}](/{sounds}/)"

    return re.sub(rf"(?<![\w\[])({longest_first})(['’]s)?(?![\w\]])", mark, text)


def _possessive(sounds: str, *, british: bool) -> str:
    if sounds.endswith(("s", "z", "ʃ", "ʒ", "ʧ", "ʤ")):
        return "ɪz" if british else "ᵻz"
    return "s" if sounds.endswith(("p", "t", "k", "f", "θ")) else "z"
