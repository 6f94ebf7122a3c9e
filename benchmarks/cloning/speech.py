"""The speech that codecs and encoders are trained on and held to: Kokoro's English voices.

Training speakers say sentences of `tests/text/said_en.tsv`, held-out ones those of `HELD_OUT`,
which nobody else says. A file is spoken once and kept, at 24 kHz mono.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import soundfile

from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.text.spoken import spoken

TABLE = Path("tests/text/said_en.tsv")
SPEAKERS = {
    "train": [
        *("af_heart", "bm_daniel", "bm_fable", "am_adam", "am_michael", "bf_lily", "af_sarah"),
        *("af_nova", "af_kore", "af_aoede", "af_alloy", "af_jessica", "af_sky", "am_fenrir"),
        *("am_liam", "am_echo", "am_santa", "bm_lewis", "bf_alice", "bf_isabella"),
    ],
    "valid": ["am_puck", "bm_george"],
    "test": ["am_onyx", "bf_emma", "am_eric", "af_river"],
}
"""No speaker of one part is close to one of the test part's."""
HELD_OUT = (
    "The ferry leaves the harbour at dawn, and nobody on the quay waves it goodbye.",
    "She kept the letters in a biscuit tin under the stairs for almost forty years.",
    "If the wind turns north before evening, we shall have snow on the hills tonight.",
    "Most of the orchard was planted by a man who never tasted one of its apples.",
)


def make_speech(folder: Path, sentences: int) -> dict[str, list[Path]]:
    """The files of each part, `folder/PART/SPEAKER/NUMBER.wav`, made where they are not there.

    Args:
        folder: where they are kept.
        sentences: how many each training speaker says.
    """
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    texts = [text for _, text, said in (line.split("\t") for line in lines) if len(said) > 40]
    files: dict[str, list[Path]] = {}
    wanted: dict[str, tuple[Path, Utterance]] = {}
    for part, speakers in SPEAKERS.items():
        count = len(HELD_OUT) if part == "test" else sentences
        files[part] = []
        for number, (at, speaker) in product(range(count), enumerate(speakers)):
            path = folder / part / speaker / f"{number}.wav"
            files[part].append(path)
            if path.exists():
                continue
            # Speakers say the table's sentences in turn, so that each is said by few.
            text = (
                HELD_OUT[number] if part == "test" else texts[(number * 7 + at * 11) % len(texts)]
            )
            said = spoken(text, language="en", ipa=True).text
            name = f"{part}/{speaker}/{number}"
            wanted[name] = path, Utterance(name, said, speaker)
    if wanted:
        engine = create("kokoro", {"workers": 1})
        ordered = sorted(
            wanted.values(), key=lambda one: (one[0].parts[-3] == "train", int(one[0].stem))
        )
        for start in range(0, len(ordered), 16):
            asked = [utterance for _, utterance in ordered[start : start + 16]]
            for speech in engine.synthesize(asked):
                path = wanted[speech.id][0]
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, speech.samples, speech.sample_rate)
        engine.close()
    return files
