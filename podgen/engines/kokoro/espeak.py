"""espeak-ng's phonemes for the languages hibari's G2P does not read, in Kokoro's alphabet.

The library comes from the optional package espeakng-loader (GPL-3) and is called through ctypes.
espeak-ng drops punctuation, so the text is cut at marks and these are put back between.
"""

from __future__ import annotations

import ctypes
import re
import threading
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib import util

from podgen.errors import EngineError

INSTALL = "pip install 'podgen[languages]'"
VOICES = {"es": "es", "fr": "fr", "hi": "hi", "it": "it", "pt": "pt-br"}
"""Primary language subtag -> espeak-ng's voice."""

_RETRIEVAL, _UTF8 = 1, 1
_IPA_WITH_TIES = 0x02 | 0x80 | (ord("^") << 8)
# misaki's values for Kokoro's one-letter diphthongs and affricates (espeak.py there).
_LETTERS = {
    "a^ɪ": "I", "a^ʊ": "W", "d^z": "ʣ", "d^ʒ": "ʤ", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q",
    "s^s": "S", "t^s": "ʦ", "t^ʃ": "ʧ", "ɔ^ɪ": "Y",
}  # fmt: skip
_MARKS = re.compile(r"(?<!\d)\s*([.,:])(?:\s|$)|\s*([;!?…—“”\"()।¡¿]+|\.\.\.|[.,:](?=\s|$))\s*")
_QUOTES = str.maketrans(
    {"«": "“", "»": "”", "„": "“", "‹": "“", "›": "”", "।": ".", "¡": None, "¿": None}
)


def installed() -> bool:
    """Whether the optional package is there."""
    return util.find_spec("espeakng_loader") is not None


def strange_words(text: str, language: str) -> list[str]:
    """The words of `text` in a script or with signs that the language's voice cannot say."""
    found: dict[str, None] = {}
    for word in unicodedata.normalize("NFC", text).split():
        for char in word:
            if char.isascii():
                continue
            name = unicodedata.name(char, "")
            kind = unicodedata.category(char)
            native = name.startswith("LATIN ") or (language == "hi" and "DEVANAGARI" in name)
            sign = kind in ("So", "Cn", "Co") and char not in "°©®™"
            if sign or (kind[0] in "LM" and not native):
                found[word.strip(".,;:!?¡¿\"'«»“”()") or word] = None
                break
    return list(found)


class Espeak:
    """One loaded library. It keeps its language in global state, so calls are locked."""

    def __init__(self) -> None:
        if not installed():
            raise EngineError("other languages than English need espeak-ng", INSTALL)
        import espeakng_loader

        self._lock = threading.Lock()
        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._lib.espeak_TextToPhonemes.argtypes = (
            ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int,
        )  # fmt: skip
        self._lib.espeak_Info.restype = ctypes.c_char_p
        data = espeakng_loader.get_data_path().encode()
        if self._lib.espeak_Initialize(_RETRIEVAL, 0, data, 0) < 0:
            raise EngineError("espeak-ng does not start", f"{INSTALL} --force-reinstall")

    @property
    def version(self) -> str:
        """espeak-ng's own version."""
        path = ctypes.c_char_p()
        return str(self._lib.espeak_Info(ctypes.byref(path)).decode())

    def phonemes(self, sentence: str, language: str, words: Mapping[str, str]) -> str:
        """Phonemes of one sentence, with its punctuation, in Kokoro's alphabet.

        `words` maps words as they stand in the text to IPA.
        """
        sentence = re.sub(r"\s+", " ", sentence.translate(_QUOTES)).strip()
        if words:
            names = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
            pieces = re.split(rf"(?<!\w)({names})(?!\w)", sentence)
        else:
            pieces = [sentence]
        out = []
        for piece in pieces:
            if piece in words:
                out.append(letters(words[piece].strip("/[]")))
            else:
                out.append(self._with_marks(piece, language))
        return re.sub(r" +([,.;:!?…”)])", r"\1", re.sub(r"\s+", " ", " ".join(out))).strip()

    def _with_marks(self, text: str, language: str) -> str:
        out: list[str] = []
        at = 0
        for match in _MARKS.finditer(text):
            out.append(self._say(text[at : match.start()], language))
            mark = match[1] or match[2]
            out.append(f" {mark}" if mark in "“(—" else f"{mark} ")
            at = match.end()
        out.append(self._say(text[at:], language))
        return "".join(out)

    def _say(self, text: str, language: str) -> str:
        if not text.strip():
            return ""
        out: list[str] = []
        with self._lock:
            if self._lib.espeak_SetVoiceByName(VOICES[language].encode()) != 0:
                raise EngineError(f"espeak-ng has no voice for {language}", INSTALL)
            pointer = ctypes.c_char_p(text.encode())
            while pointer.value is not None:
                clause = self._lib.espeak_TextToPhonemes(
                    ctypes.byref(pointer), _UTF8, _IPA_WITH_TIES
                )
                out.append(clause.decode())
        return letters(" ".join(out))


def letters(ipa: str) -> str:
    """IPA, with or without espeak-ng's ties, in Kokoro's alphabet."""
    text = re.sub(r"\([a-z-]+\)", "", ipa)  # espeak marks words it took for another language
    for old, new in _LETTERS.items():
        text = text.replace(old, new).replace(old.replace("^", ""), new)
    text = unicodedata.normalize("NFD", text.replace("^", "").replace("-", ""))
    return "".join(c for c in text if not unicodedata.combining(c) or c == "\u0303")


@lru_cache(maxsize=1)
def package_version() -> str:
    """The version of espeakng-loader, which fixes that of espeak-ng."""
    from importlib import metadata

    return metadata.version("espeakng-loader")
