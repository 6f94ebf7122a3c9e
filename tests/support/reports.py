"""A report as a render might make it, for tests of its pages."""

from __future__ import annotations

import math
import random
from pathlib import Path

from podgen.publish.episode import ChapterMark, Episode, SpokenTurn
from podgen.render.report import (
    Check,
    Deliverable,
    EngineUse,
    Master,
    MusicSpan,
    Report,
    Target,
    TurnRow,
)

RATE = 44100
SENTENCES = (
    "Welcome back to the show.",
    "Mhm.",
    "Picture a concert hall, the lights going down, and one violin that is very slightly too loud.",
    "You would notice. Everybody would notice. Nobody could say why, though.",
    "That is the part I like: the ear keeps no record of level, only of change.",
)


def sample(turns: int = 40, cover: Path | None = None) -> Report:
    """A plausible render: levels that wander, a bed under the middle, a failed check."""
    rng = random.Random(7)
    rows, at = [], 6.0
    for n in range(turns):
        text = SENTENCES[n * 3 % len(SENTENCES)]
        length = 0.5 + len(text) / 15
        start = at - (0.4 if n % 9 == 4 else -0.3)
        before = rng.gauss(-24 + 4 * (n % 2), 1.5)
        short = length < 1
        rows.append(
            TurnRow(
                id=f"turn-{n + 1:03}",
                speaker=("CIPHERFOX", "MOTH")[n % 2],
                text=text,
                start=round(start * RATE),
                end=round((start + length) * RATE),
                loudness_before=None if short else before,
                loudness_after=-math.inf if n == 3 else -23.0 + rng.gauss(0, 0.2),
                gain=-23 - before,
                reduction=1.5 if n == 2 else 0.0,
                limiter=0.0,
                over_music=18.2 if n == 4 else None,
                reason="voice gain, too short to measure" if short else "levelled",
                cached=n % 6 != 0,
                take=1 + (n == 5),
                engine="kokoro",
                voice=("af_heart", "am_onyx")[n % 2],
                clip=f"clips/{n + 1:04}.wav",
            )
        )
        at = start + length
    length = at + 5
    thirds = [0, round(at / 3 * RATE), round(at / 3 * 2 * RATE)]
    ends = [*thirds[1:], round(length * RATE)]
    titles = ("Cold open", "The ear & the meter", "What to do about it")
    episode = Episode(
        title="The Loudness Illusion",
        show="Signal & Noise",
        number=1,
        description="",
        author="podgen",
        language="en",
        cover=cover,
        duration=length,
        sample_rate=RATE,
        turns=tuple(SpokenTurn(r.id, r.speaker, r.text, r.start, r.end) for r in rows),
        chapters=tuple(ChapterMark(*mark) for mark in zip(titles, thirds, ends, strict=True)),
    )
    talking = [0.0] * 1200
    for row in rows:
        for i in range(int(row.start / RATE / length * 1200), int(row.end / RATE / length * 1200)):
            talking[i] = 1.0
    wave = tuple(
        (-loud * v, loud * v)
        for level in talking
        for loud, v in [(0.15 + 0.55 * level, rng.uniform(0.3, 1))]
    )
    meter = tuple(
        (i / 10, -16 + 2 * math.sin(i / 17) + rng.gauss(0, 0.6) - (20 if i < 12 else 0))
        for i in range(int(length * 10))
    )
    return Report(
        episode=episode,
        engines=(
            EngineUse(
                "kokoro",
                "the best that runs here; no GPU was found",
                "kokoro-82m-int8:6e742170",
                turns,
            ),
        ),
        target=Target("apple", -16.0, 0.2, -1.0),
        master=Master(-23.04, 7.0, -1.8, (0.0, 1.3, 0.2), 1),
        deliverables=(
            Deliverable(
                "../pilot.mp3",
                "mp3",
                2_893_411,
                (
                    Check("Integrated", -16.03, "LUFS", "-16 ±0.2", True),
                    Check("True peak", -1.21, "dBTP", "≤ -1", True),
                    Check("Duration", length, "s", f"{length:.3f} ±0.05", True),
                    Check("Sample rate", 44100, "Hz", "44100", True),
                    Check("Bit rate", 128, "kb/s", "128", True),
                ),
            ),
            Deliverable(
                "../pilot.wav",
                "wav",
                32_143_444,
                (
                    Check("Integrated", -16.0, "LUFS", "-16 ±0.2", True),
                    Check("True peak", -0.42, "dBTP", "≤ -1", False),
                    Check("Duration", length, "s", f"{length:.3f} ±0.05", True),
                    Check("Sample rate", 44100, "Hz", "44100", True),
                ),
            ),
        ),
        warnings=("turn turn-004 is 2.1 dB quieter than its voice; the ceiling held its gain",),
        waveform=wave,
        loudness=meter,
        music=(
            MusicSpan("intro", "theme.flac", 0, 9 * RATE),
            MusicSpan("bed", "bed.flac", 7 * RATE, thirds[2]),
            MusicSpan("sound", "knock.flac", thirds[1], thirds[1] + RATE * 2),
            MusicSpan("outro", "outro.flac", round((at - 2) * RATE), round(length * RATE)),
        ),
        turns=tuple(rows),
        audio="../pilot.mp3",
    )
