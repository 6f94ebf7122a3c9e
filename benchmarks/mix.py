"""Mix, master and MP3 of a long show, against one bare ffmpeg encode of as much sound.

Speech-like clips are made and stored first; what is timed is everything from stored clips to the
verified MP3. Run: `python -m benchmarks.mix --minutes 60` (six minutes if not told); `--times 10`
adds a show that many times as long, for how time and memory grow. Each show has a process of its
own, so that none is measured with what another left in the heap.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import soundfile
from scipy.signal import lfilter

from benchmarks.results import Result, machine
from podgen.audio import asset, clip, ffmpeg, level, loudness
from podgen.audio.automation import Duck
from podgen.audio.cues import Anchor, Chapter, Cue, Music, Speech
from podgen.audio.lane import Source
from podgen.audio.master import master
from podgen.audio.mix import Scene
from podgen.audio.presets import preset
from podgen.audio.score import Score
from podgen.audio.timeline import lay_out

PRESET = preset("apple")
RATE = PRESET.sample_rate
SECONDS_PER_TURN = 15.0
DISTINCT = 40
GAP = 0.35
Figures = dict[str, float]


def speech(seconds: float, seed: int, rate: int = 24000) -> npt.NDArray[np.float32]:
    """Pulses through three formants, in syllables and phrases, with some breath."""
    rng = np.random.default_rng(seed)
    count = int(seconds * rate)
    pitch = rng.uniform(90, 220) * (1 + 0.15 * np.sin(np.arange(count) / rate * rng.uniform(2, 4)))
    pulses = (np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0) > 0).astype(np.float64)
    sound = pulses * 0.6 + rng.standard_normal(count) * 0.01
    for centre in rng.uniform([300, 900, 2300], [800, 1900, 3200]):
        pole = 0.97 * np.exp(2j * np.pi * centre / rate)
        sound = lfilter([1 - abs(pole)], [1, -2 * pole.real, abs(pole) ** 2], sound) * 4
    t = np.arange(count) / rate
    syllables = np.clip(np.sin(2 * np.pi * rng.uniform(3.5, 5) * t) + 0.4, 0, 1)
    phrases = (np.sin(2 * np.pi * t / rng.uniform(3, 5)) > -0.85).astype(np.float64)
    sound *= syllables * phrases
    return (sound / np.abs(sound).max() * rng.uniform(0.3, 1.0)).astype(np.float32)


@dataclass(frozen=True)
class Stored:
    path: Path
    measurement: loudness.Measurement


def store_clips(folder: Path, seconds: float) -> list[Stored]:
    """Dressed clips that with their gaps last `seconds` on average."""
    stored = []
    for index in range(DISTINCT):
        take = speech(seconds - GAP - 0.5 + index % 5 * 0.25, index)
        samples = np.concatenate(list(clip.dress(take, 24000, clip.Dressing(RATE, highpass=80))))
        path = folder / f"{seconds:.2f}-{index}.wav"
        soundfile.write(path, samples, RATE, subtype="FLOAT")
        stored.append(Stored(path, loudness.measure(samples, RATE)))
    return stored


def music(folder: Path) -> tuple[Path, asset.Asset]:
    rng = np.random.default_rng(7)
    t = np.arange(30 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * f * t[:, None] + rng.uniform(0, 6, 2)) for f in (110, 165, 220))
    source, prepared = folder / "music.flac", folder / "music.wav"
    soundfile.write(source, 0.2 * chord, RATE)
    return prepared, asset.prepare(source, prepared, RATE, PRESET.channels)


def scene_of(turns: int, clips: list[Stored], bed: tuple[Path, asset.Asset]) -> Scene:
    """Two speakers in turn with an interruption now and then, an intro, and a bed for a quarter."""
    ids = [f"t{n}" for n in range(turns)]
    own = [clips[n % len(clips)] for n in range(turns)]
    length = bed[1].measurement.samples
    cues: list[Cue] = [Chapter("Intro"), Music("intro", "intro", length, lead=8, fade_out=4)]
    for n, stored in enumerate(own):
        if n == turns // 4:
            end = Anchor(ids[turns // 2], "end")
            cues.append(Music("bed", "bed", length, end=end, loop=True, fade_in=2, fade_out=3))
        overlap = 1.0 if n % 10 == 9 else None
        samples = stored.measurement.samples
        cues.append(Speech(ids[n], f"speaker {n % 2}", samples, overlap=overlap))
    timeline = lay_out(cues, RATE, gap=GAP, head=PRESET.head, tail=PRESET.tail)
    segments = [
        level.Segment(name, f"{n % 2}", m.seconds, loudness=m.loudness, loud=m.loud)
        for n, (name, m) in enumerate(zip(ids, (s.measurement for s in own), strict=True))
    ]
    sources = {
        result.id: Source(own[n].path, result.gain, pan=-0.2 if n % 2 else 0.2)
        for n, result in enumerate(level.levels(segments))
    }
    score = Score(*bed, volume=-6)
    scores = {"intro": score, "bed": Score(*bed, volume=-12, loop=True, duck=Duck(9))}
    return Scene(timeline, PRESET.channels, sources, scores)


class Memory:
    """The largest memory that a process and its children held together, in MB.

    This one, if no other is given. What a process shares with no other, of all of them; the code
    that they map, once for each program, whether or not other processes of the machine map it too.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._process = psutil.Process(pid)

    def __enter__(self) -> Memory:
        self.peak = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        me = self._process
        while not self._done.wait(0.1) and me.is_running():
            own, mapped = 0, defaultdict[tuple[str, ...], int](int)
            commands = set[tuple[str, ...]]()
            try:
                family = [me, *me.children(recursive=True)]
            except psutil.Error:
                break
            for process in family:
                try:
                    command, info = tuple(process.cmdline()), process.memory_info()
                except psutil.Error:
                    continue  # it has just ended
                if command in commands:
                    continue  # just forked, it is no other program yet and holds nothing itself
                commands.add(command)
                shared = getattr(info, "shared", 0)
                own += info.rss - shared
                mapped[command[:1]] = max(mapped[command[:1]], shared)
            self.peak = max(self.peak, (own + sum(mapped.values())) / 1e6)


def run(turns: int, clips: list[Stored], bed: tuple[Path, asset.Asset], folder: Path) -> Figures:
    """Mix, master and verify; then encode the same sound with ffmpeg alone."""
    scene = scene_of(turns, clips, bed)
    target = folder / "show.mp3"
    with Memory() as memory:
        began = time.perf_counter()
        done = master(scene, PRESET, {"mp3": target})
        seconds = time.perf_counter() - began
    deliverable = done.deliverables[0]
    if deliverable.verdict.failures:
        raise SystemExit(f"the episode is not as asked: {deliverable.verdict.failures}")
    plain = folder / "plain.wav"
    ffmpeg.run(
        ["-y", "-i", str(deliverable.path), "-c:a", "pcm_s16le", "-rf64", "auto", str(plain)]
    )
    bitrate = f"{PRESET.bitrate['mp3']}k"
    began = time.perf_counter()
    ffmpeg.run(["-y", "-i", str(plain), "-b:a", bitrate, str(folder / "bare.mp3")])
    bare = time.perf_counter() - began
    plain.unlink()
    return {
        "minutes": deliverable.verdict.seconds / 60,
        "turns": turns,
        "seconds": seconds,
        "bare_encode_seconds": bare,
        "ratio": seconds / bare,
        "peak_megabytes": memory.peak,
        "rounds": done.rounds,
    }


def alone(*arguments: Any) -> Figures:
    """`run` in a fresh process."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(run, *arguments).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--times", type=int, default=0, help="also a show this many times as long")
    parser.add_argument("--turns", type=int, help="how many turns that longer show has")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name:
        folder = Path(name)
        seconds, bed = arguments.minutes * 60, music(folder)
        turns = max(4, round(seconds / SECONDS_PER_TURN))
        figures = alone(turns, store_clips(folder, SECONDS_PER_TURN), bed, folder)
        if arguments.times:
            many = arguments.turns or turns * arguments.times
            clips = store_clips(folder, seconds * arguments.times / many)
            longer = alone(many, clips, bed, folder)
            figures |= {f"long_{key}": value for key, value in longer.items()}
            figures["growth"] = longer["seconds"] / figures["seconds"]
    Result("mix", {**machine(), "ffmpeg": ffmpeg.find().version}, figures).show()


if __name__ == "__main__":
    main()
