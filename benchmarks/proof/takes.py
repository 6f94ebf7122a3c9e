"""The takes that faults are planted in: texts of two sets, each spoken by voices of its own.

`tuning.tsv` and `heldout.tsv` share no text, and their takes no voice. Kokoro speaks English and
Spanish; espeak-ng itself (the package espeakng-loader) speaks German, which Kokoro does not, and
the others once more.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.text.spoken import spoken

HERE = Path(__file__).parent
VOICES = {
    ("tuning", "en"): ("af_heart bm_daniel am_onyx bf_emma am_adam af_nova am_echo bf_alice",),
    ("tuning", "es"): ("ef_dora",),
    ("tuning", "de"): ("de+m1", "de+f2"),
    ("heldout", "en"): (
        "am_eric bm_fable af_river bf_lily am_michael af_bella af_sarah bm_lewis af_kore am_liam "
        "bf_isabella am_puck",
        "en-us+m4 en-gb-x-rp+f3",
    ),
    ("heldout", "es"): ("em_alex em_santa", "es+m4"),
    ("heldout", "de"): ("de+m3", "de+f4"),
}
"""By set and language: groups of voices that each speak every text, one of the group each text."""


@dataclass(frozen=True, slots=True)
class Take:
    """A text as one voice spoke it: samples at `rate` Hz, shape [frames]."""

    name: str
    language: str
    voice: str
    text: str
    samples: npt.NDArray[np.float32]
    rate: int


def takes(which: str, folder: Path) -> list[Take]:
    """All takes of a set, spoken once and kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(_wanted(which))
    by_engine: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
    for row in wanted:
        if not (folder / f"{row[0]}.wav").exists():
            by_engine["espeak" if "+" in row[2] else "kokoro"].append(row)
    if rows := by_engine.get("kokoro"):
        _kokoro(rows, folder)
    if rows := by_engine.get("espeak"):
        for name, _, voice, text in rows:
            samples, rate = _espeak().speak(text, voice)
            soundfile.write(folder / f"{name}.wav", samples, rate, "FLOAT")
    found = []
    for name, language, voice, text in wanted:
        samples, rate = soundfile.read(folder / f"{name}.wav", dtype="float32")
        found.append(Take(name, language, voice, text, samples, rate))
    return found


def _wanted(which: str) -> Iterator[tuple[str, str, str, str]]:
    """Name, language, voice and text of each take of a set."""
    counts: dict[str, int] = defaultdict(int)
    for line in (HERE / f"{which}.tsv").read_text(encoding="utf-8").splitlines():
        language, text = line.split("\t")
        number = counts[language]
        counts[language] += 1
        for voices in VOICES[which, language]:
            names = voices.split()
            voice = names[number % len(names)]
            yield f"{which}-{language}-{number:03}-{voice}", language, voice, text


def _kokoro(rows: list[tuple[str, str, str, str]], folder: Path) -> None:
    engine = create("kokoro")
    asked = [
        Utterance(name, spoken(text, language=language, ipa=True).text, voice, language)
        for name, language, voice, text in rows
    ]
    for speech in engine.synthesize(asked):
        soundfile.write(folder / f"{speech.id}.wav", speech.samples, speech.sample_rate, "FLOAT")
    engine.close()


class _Espeak:
    """espeak-ng's own voices; one language at a time."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        self._rate = self._lib.espeak_Initialize(
            2, 0, espeakng_loader.get_data_path().encode(), 0
        )  # 2: synchronous, to a callback
        self._parts: list[npt.NDArray[np.int16]] = []
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )

        def heard(samples: object, count: int, _events: object) -> int:
            if count:
                self._parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
            return 0

        self._callback = kind(heard)
        self._lib.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str) -> tuple[npt.NDArray[np.float32], int]:
        self._parts.clear()
        if self._lib.espeak_SetVoiceByName(voice.encode()):
            raise ValueError(f"espeak-ng has no voice {voice}")
        data = text.encode()
        self._lib.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, 1, 0, 1, None, None)
        self._lib.espeak_Synchronize()
        return (np.concatenate(self._parts) / 32768).astype(np.float32), self._rate


_ESPEAK: list[_Espeak] = []


def _espeak() -> _Espeak:
    if not _ESPEAK:
        _ESPEAK.append(_Espeak())
    return _ESPEAK[0]
