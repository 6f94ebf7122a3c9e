"""How even turns sound in the finished file, beside other tools on the same clips.

A scene of three voices, with very short and very peaky turns, is spoken by Kokoro and rendered at
two targets. Each turn is measured where it lies in the decoded file: by its integrated loudness,
and by the 95th percentile of its momentary loudness, which for a short turn is held against that of
its speaker's long turns. The same clips go through ffmpeg-normalize one by one (EBU R 128 and RMS;
left out where it is not installed) and, joined, through ffmpeg's two-pass loudnorm. Joined, they go
through three limiters, too, see `limiters`.

    python -m benchmarks.levels
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyloudnorm
import soundfile

from benchmarks import limiters
from benchmarks.results import machine
from podgen.audio import ffmpeg

SCENE = Path(__file__).parent / "scene"
TARGETS = {"apple": -16.0, "spotify": -14.0}
LONG, SHORT = 3.0, 1.0  # seconds

Sound = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a turn lies, and what it measures there."""

    speaker: str
    seconds: float
    integrated: float
    loud: float


def momentary(sound: Sound, rate: int) -> Sound:
    """Momentary loudness in LUFS every 100 ms, whole windows only (BS.1770-4)."""
    weighted = sound.T.copy()
    for stage in pyloudnorm.Meter(rate)._filters.values():
        weighted = stage.apply_filter(weighted)
    total = np.concatenate([[0.0], np.cumsum(np.square(weighted).sum(axis=0))])
    window, hop = round(0.4 * rate), round(0.1 * rate)
    starts = np.arange(0, max(1, len(sound) - window + 1), hop)
    ends = np.minimum(starts + window, len(sound))
    power = (total[ends] - total[starts]) / window
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-12)))


def measured(path: Path, spans: Sequence[tuple[str, float, float]]) -> list[Turn]:
    """Every turn of a file."""
    sound, rate = soundfile.read(path, dtype="float64", always_2d=True)
    turns = []
    for speaker, start, end in spans:
        blocks = momentary(sound[round(start * rate) : round(end * rate)], rate)
        heard = blocks[blocks > -70]
        gate = 10 * np.log10(np.power(10, heard / 10).mean()) - 10
        level = 10 * np.log10(np.power(10, heard[heard > gate] / 10).mean())
        turns.append(Turn(speaker, end - start, level, float(np.percentile(blocks, 95))))
    return turns


def table(turns: Sequence[Turn]) -> dict[str, float]:
    """The figures of a file, all in LU."""

    def spread(values: Sequence[float]) -> float:
        return max(values) - min(values)

    long = [turn for turn in turns if turn.seconds >= LONG]
    speakers: dict[str, list[Turn]] = defaultdict(list)
    for turn in long:
        speakers[turn.speaker].append(turn)
    means = {who: float(np.mean([t.integrated for t in own])) for who, own in speakers.items()}
    loud = {who: float(np.median([t.loud for t in own])) for who, own in speakers.items()}
    short = [turn for turn in turns if turn.seconds < SHORT]
    return {
        "3 s and more": spread([t.integrated for t in long]),
        "1 to 3 s": spread([t.integrated for t in turns if SHORT <= t.seconds < LONG]),
        "under 1 s, integrated": max(abs(t.integrated - means[t.speaker]) for t in short),
        "under 1 s, loud moments": max(abs(t.loud - loud[t.speaker]) for t in short),
        "speakers' means": spread(list(means.values())),
        "neighbours": max(abs(a.integrated - b.integrated) for a, b in pairwise(turns)),
    }


def podgen(folder: Path, preset: str) -> tuple[Path, list[tuple[str, float, float]], float]:
    """The scene rendered; where its turns lie; the master's deepest gain reduction in dB."""
    for path in SCENE.iterdir():
        shutil.copyfile(path, folder / path.name)
    script = folder / f"{preset}.yaml"
    script.write_text(f"mastering: {preset}\n" + (SCENE / "scene.yaml").read_text())
    out = folder / f"{preset}.wav"
    subprocess.run(
        [sys.executable, "-m", "podgen", "render", "-e", "kokoro", str(script), "-o", str(out)],
        check=True,
        env={**os.environ, "PODGEN_STORE": str(folder / "store"), "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.DEVNULL,
    )
    report = json.loads((out.with_suffix("") / "report.json").read_text())
    rate = report["episode"]["sample_rate"]
    spans = [(t["speaker"], t["start"] / rate, t["end"] / rate) for t in report["turns"]]
    return out, spans, max(report["master"]["reductions"])


def clips(folder: Path, script: Path) -> list[tuple[Sound, int]]:
    """The scene's dressed clips, as levelling gets them."""
    from podgen.render.dress import gather
    from podgen.render.plan import check
    from podgen.render.store import Store

    plan = check(script, engine="kokoro")
    ready = gather(plan, Store(folder / "store")).ready
    return [(clip.clip.read().astype(np.float64), clip.clip.sample_rate) for clip in ready]


def laid(
    folder: Path, name: str, sounds: Sequence[Sound], spans: Sequence[tuple[str, float, float]]
) -> Path:
    """Clips where the timeline has them."""
    rate = 44100
    whole = np.zeros(round((spans[-1][2] + 1) * rate))
    for sound, (_, start, _) in zip(sounds, spans, strict=True):
        at = round(start * rate)
        whole[at : at + len(sound)] += sound
    path = folder / f"{name}.wav"
    soundfile.write(path, whole, rate, "FLOAT")
    return path


def normalised(folder: Path, sound: Sound, options: Sequence[str]) -> Sound:
    """One clip through ffmpeg-normalize."""
    source, target = folder / "one.wav", folder / "other.wav"
    soundfile.write(source, sound, 44100, "FLOAT")
    subprocess.run(
        ["ffmpeg-normalize", str(source), "-o", str(target), "-f", "-ar", "44100", *options],
        check=True,
        capture_output=True,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "FFMPEG_PATH": ffmpeg.find().path,
        },
    )
    return np.asarray(soundfile.read(target, dtype="float64")[0])


def loudnorm(folder: Path, path: Path, target: float) -> Path:
    """A file through two passes of loudnorm."""
    asked = f"loudnorm=I={target}:TP=-1:LRA=11"
    said = ffmpeg.run(["-i", str(path), "-af", f"{asked}:print_format=json", "-f", "null", "-"])
    found = dict(re.findall(r'"(input_\w+|target_offset)" : "([^"]+)"', said))
    known = ":".join(
        f"{name}={found[key]}"
        for name, key in (
            ("measured_I", "input_i"),
            ("measured_TP", "input_tp"),
            ("measured_LRA", "input_lra"),
            ("measured_thresh", "input_thresh"),
            ("offset", "target_offset"),
        )
    )
    out = folder / "loudnorm.wav"
    ffmpeg.run(["-i", str(path), "-af", f"{asked}:{known}", "-ar", "44100", "-y", str(out)])
    return out


def peers(
    folder: Path, raw: Sequence[Sound], spans: Sequence[tuple[str, float, float]], target: float
) -> Iterator[tuple[str, Path]]:
    """What other tools make of the same clips."""
    yield "loudnorm, joined", loudnorm(folder, laid(folder, "raw", raw, spans), target)
    if not (Path(sys.executable).parent / "ffmpeg-normalize").exists():
        return
    for kind, options in (
        ("ebu", ["-nt", "ebu", "-t", str(target), "-tp", "-1"]),
        ("rms", ["-nt", "rms", "-t", str(target - 3)]),
    ):
        sounds = [normalised(folder, one, options) for one in raw]
        yield f"ffmpeg-normalize {kind}", laid(folder, "each", sounds, spans)


def run() -> None:
    """Print the tables."""
    print(machine())
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name:
        folder = Path(name)
        for preset, target in TARGETS.items():
            path, spans, reduction = podgen(folder, preset)
            raw = [sound for sound, _ in clips(folder, folder / f"{preset}.yaml")]
            rows = {"podgen": table(measured(path, spans))}
            for peer, made in peers(folder, raw, spans, target):
                rows[peer] = table(measured(made, spans))
            print(f"\n{target:g} LUFS; the master's limiter takes {reduction:.1f} dB at most")
            names = list(rows["podgen"])
            print(f"{'LU':24}" + "".join(f"{name:>25}" for name in names))
            for who, figures in rows.items():
                print(f"{who:24}" + "".join(f"{figures[name]:25.2f}" for name in names))
            joined, rate = soundfile.read(laid(folder, "raw", raw, spans), dtype="float64")
            print("", *limiters.table(folder, joined, rate, target), sep="\n", flush=True)


if __name__ == "__main__":
    run()
