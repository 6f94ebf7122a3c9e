"""The whole render job on a long show whose takes are stored, and the wait for a preview.

`podgen render` runs as users run it: looking up and checking every clip, mixing, mastering, MP3,
measuring the decoded file, transcripts, report. It is held against one bare ffmpeg encode of as
much sound to the same MP3. Then one turn's text is changed; the draft engine speaks it, and what
counts is the time from the new clip's landing to the preview's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.mix import Memory, speech
from benchmarks.results import Result, machine
from podgen.audio import ffmpeg
from podgen.render.plan import check
from podgen.render.store import Store

SECONDS_PER_TURN = 14.65  # and 0.35 s of gap
DISTINCT = 40
VOICES = "characters:\n  ADA: {voices: {hibari: heart}}\n  BEN: {voices: {hibari: heart}}\n"


def write_show(folder: Path, turns: int, changed: int | None = None) -> Path:
    """Two speakers in turn, a chapter every forty turns; one turn's text may be another."""
    (folder / "voices.yaml").write_text(VOICES)
    lines = ["title: A long show", "turns:"]
    for number in range(turns):
        if number % 40 == 0:
            lines.append(f"- chapter: Part {number // 40 + 1}")
        text = f"Turn {number} of a long show. " + "It goes on for quite a while. " * 7
        if number == changed:
            text = "This turn has just been changed, and somebody wants to hear it."
        lines.append(f"- {'ADA' if number % 2 else 'BEN'}: {{id: t{number}, text: '{text}'}}")
    script = folder / "show.yaml"
    script.write_text("\n".join(lines) + "\n")
    return script


def store_takes(script: Path, root: Path) -> None:
    """Put a speech-like take under every turn's key, as if the engine had spoken it."""
    store = Store(root)
    sounds = [speech(SECONDS_PER_TURN, seed) for seed in range(DISTINCT)]
    for number, turn in enumerate(check(script, engine="hibari").turns):
        store.put("takes", turn.key, sounds[number % DISTINCT], 24000, {})


def render(
    script: Path, root: Path, *arguments: str
) -> tuple[list[tuple[float, dict[str, object]]], float]:
    """Run the command; its events, each with the second at which it came, and the most megabytes
    that it and its children held."""
    argv = [sys.executable, "-m", "podgen", "render", "-e", "hibari", "--json", str(script)]
    process = subprocess.Popen(
        [*argv, *arguments],
        cwd=script.parent,
        env={**os.environ, "PODGEN_STORE": str(root), "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with Memory(process.pid) as memory:
        events = [(time.perf_counter(), json.loads(line)) for line in process.stdout]
    if process.wait():
        raise SystemExit(f"the render failed: {events[-1]}")
    return events, memory.peak


def run(minutes: float) -> Result:
    """Dress and render once, render again from the store, then change one turn."""
    turns = max(8, round(minutes * 4))
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name:
        folder = Path(name)
        root, script = folder / "store", write_show(folder, turns)
        store_takes(script, root)
        began = time.perf_counter()
        render(script, root)
        first = time.perf_counter() - began
        began = time.perf_counter()
        _, peak = render(script, root)
        again = time.perf_counter() - began
        bare = bare_encode(folder)
        write_show(folder, turns, changed=turns // 2)
        events, _ = render(script, root, "--turn", f"t{turns // 2}")
        at = {str(event["event"]): moment for moment, event in reversed(events)}
    return Result(
        "job",
        machine(),
        {
            "minutes": minutes,
            "turns": turns,
            "dress_and_render_seconds": first,
            "render_seconds": again,
            "bare_encode_seconds": bare,
            "render_to_bare_ratio": again / bare,
            "peak_megabytes": peak,
            "preview_after_clip_seconds": at["preview"] - at["spoke"],
        },
    )


def bare_encode(folder: Path) -> float:
    """Seconds that ffmpeg alone takes to encode the episode's sound to the same MP3."""
    plain = folder / "plain.wav"
    ffmpeg.run(["-y", "-i", str(folder / "dist/show.mp3"), "-c:a", "pcm_s16le", str(plain)])
    began = time.perf_counter()
    ffmpeg.run(["-y", "-i", str(plain), "-b:a", "160k", str(folder / "bare.mp3")])
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=6)
    run(parser.parse_args().minutes).show()
