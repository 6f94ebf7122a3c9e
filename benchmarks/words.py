"""What is heard of figures: sentences spoken by Kokoro, written down by Whisper, held to a table.

207 English sentences with figures, dates, money, units, times, abbreviations, names, addresses
and versions (`tests/text/said_en.tsv`) are put into words, spoken, and heard by a Whisper model
that may write no figures; what it writes is held against what a person says. Needs faster-whisper
and a model in its format (a folder with `model.bin`).

    python -m benchmarks.words --model whisper-base
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import soundfile

from benchmarks.results import Result, machine
from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.text.spoken import spoken

TABLE = Path("tests/text/said_en.tsv")
_FIGURES = re.compile(r"[0-9$£€%¥@#&+=<>°]")
_SPELT_ALIKE = {"colour": "color", "metre": "meter", "litre": "liter", "o clock": "oclock"}


def plain(text: str) -> str:
    """Words alone, letters that are spelt in one run, spellings that sound the same made equal."""
    text = re.sub(r"[^\w ]", " ", text.lower().replace("-", " ").replace("'", ""))
    text = " ".join(word for word in text.split() if word != "and")
    for one, other in _SPELT_ALIKE.items():
        text = text.replace(one, other)
    text = re.sub(r"\bzero\b", "oh", text)
    return re.sub(r"\b(\w) (?=\w\b)", r"\1", text)


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Insertions, deletions and substitutions, at most as many as there is to say."""
    row = list(range(len(heard) + 1))
    for number, one in enumerate(said, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(heard, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (one != other))
    return min(row[-1], len(said))


def speak(folder: Path, sentences: Sequence[str], voice: str) -> None:
    """Every sentence as a file by its number."""
    engine = create("kokoro")
    asked = [
        Utterance(str(n), spoken(text, language="en", ipa=True).text, voice)
        for n, text in enumerate(sentences)
    ]
    for speech in engine.synthesize(asked):
        soundfile.write(folder / f"{speech.id}.wav", speech.samples, speech.sample_rate)
    engine.close()


def run(model: Path, voice: str, most: int) -> Result:
    """Error rates in percent, by kind and in all."""
    from faster_whisper import WhisperModel

    listener: Any = WhisperModel(str(model), device="cpu", compute_type="int8")
    tokens = listener.hf_tokenizer
    figures = [n for n in tokens.get_vocab().values() if _FIGURES.search(tokens.decode([n]))]
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines][:most]
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name:
        folder = Path(name)
        speak(folder, [row[1] for row in rows], voice)
        for number, (kind, _, expected) in enumerate(rows):
            parts, _ = listener.transcribe(
                str(folder / f"{number}.wav"),
                language="en",
                temperature=0,
                suppress_tokens=[-1, *figures],
                condition_on_previous_text=False,
            )
            heard = plain(" ".join(part.text for part in parts))
            ways = [plain(way) for way in expected.split(" | ")]
            said = min(ways, key=lambda way: errors(way.replace(" ", ""), heard.replace(" ", "")))
            letters = said.replace(" ", "")
            found = (
                errors(said.split(), heard.split()),
                len(said.split()),
                errors(letters, heard.replace(" ", "")),
                len(letters),
            )
            for key in (kind, "all"):
                counts[key] = [a + b for a, b in zip(counts[key], found, strict=True)]
    rates: dict[str, float] = {}
    for kind, (words, of_words, letters_wrong, of_letters) in counts.items():
        rates[f"{kind}: words"] = 100 * words / of_words
        rates[f"{kind}: characters"] = 100 * letters_wrong / of_letters
    return Result("words", machine(), rates)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--voice", default="af_heart")
    parser.add_argument("--sentences", type=int, default=10**6)
    given = parser.parse_args()
    run(given.model, given.voice, given.sentences).show()
