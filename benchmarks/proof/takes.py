"""The takes that faults are planted in: texts of two sets, each spoken by voices of its own.

`tuning.tsv` and `heldout.tsv` share no text, and their takes no voice. Kokoro speaks English and
Spanish, and German by German phonemes in voices of other languages; English is spoken by the voices
of flite, too (Debian's package of that name).
"""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.engines.kokoro import espeak
from podgen.errors import EngineError
from podgen.text.spoken import spoken

HERE = Path(__file__).parent
VOICES = {
    ("tuning", "en"): (
        "- bm_daniel am_onyx bf_emma am_adam af_nova am_echo bf_alice",
        "hibari:heart",
        "flite:kal16",
    ),
    ("tuning", "es"): ("ef_dora",),
    ("tuning", "de"): ("pf_dora pm_alex",),
    ("heldout", "en"): (
        "am_eric bm_fable af_river bf_lily am_michael af_bella af_sarah bm_lewis af_kore am_liam "
        "bf_isabella am_puck",
        "flite:slt flite:rms flite:awb",
    ),
    ("heldout", "es"): ("em_alex em_santa",),
    ("heldout", "de"): ("if_sara im_nicola",),
}
"""By set and language: groups of voices that each speak every text, one of the group each text. A
text whose turn falls to - is left out."""
FOREIGN = {"i": "it", "p": "pt"}
"""Kokoro's voices that speak German by its phonemes here, by their first letter: their language."""


@dataclass(frozen=True, slots=True)
class Take:
    """A text as one voice spoke it: samples at `rate` Hz, shape [frames]."""

    name: str
    language: str
    voice: str
    text: str
    samples: npt.NDArray[np.float32]
    rate: int


def takes(which: str, folder: Path, *, present: bool = False) -> list[Take]:
    """All takes of a set, spoken once and kept in `folder`; or those that are `present` there."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(_wanted(which))
    if not present:
        _speak([row for row in wanted if not (folder / f"{row[0]}.wav").exists()], folder)
    found = []
    for name, language, voice, text in wanted:
        if (folder / f"{name}.wav").exists():
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
            if voice == "-":
                continue
            yield f"{which}-{language}-{number:03}-{voice.replace(':', '_')}", language, voice, text


def _speak(rows: list[tuple[str, str, str, str]], folder: Path) -> None:
    engines: dict[str, list[Utterance]] = defaultdict(list)
    for name, language, voice, text in rows:
        engine, _, own = voice.rpartition(":")
        said = spoken(text, language=language, ipa=True).text
        if engine == "flite":
            path = folder / f"{name}.wav"
            subprocess.run(["flite", "-voice", own, "-t", said, "-o", path], check=True)
        else:
            tongue = FOREIGN[own[0]] if language == "de" else language
            engines[engine or "kokoro"].append(Utterance(name, said, own, tongue))
    # Kokoro has no German, but most of its sounds.
    espeak.VOICES.update(dict.fromkeys(FOREIGN.values(), "de"))
    for engine, asked in engines.items():
        voices = create(engine)
        try:
            for speech in voices.synthesize(asked):
                path = folder / f"{speech.id}.wav"
                soundfile.write(path, speech.samples, speech.sample_rate, "FLOAT")
        except EngineError as error:  # sounds of German that no voice of Kokoro has
            print(f"left out: {error}", file=sys.stderr)
        voices.close()
