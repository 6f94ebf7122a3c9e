"""Limiters side by side on the same sound: how loud, how high the peaks between samples, how clean.

Each gets the same mono programme, raised until what comes out has the same loudness, with a ceiling
of -1 dB. True peaks are read at sixteen times the rate, four times finer than BS.1770 asks.
Distortion is what of the output no gain explains that is even over 50 ms: a limiter that turns down
slowly enough leaves the sound as it was, one that clips or follows each period of a voice does not.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from scipy.signal import correlate, resample_poly

from podgen.audio import ffmpeg
from podgen.audio.limiter import limited
from podgen.audio.loudness import amplitude, integrated

CEILING_DB = -1.0
ROUNDS = 6
CLOSE_LU = 0.01
EVEN_SECONDS = 0.05
PIECE_SECONDS = 5

Sound = npt.NDArray[np.float64]
Limiter = Callable[[Sound, int], Sound]


def podgen(sound: Sound, rate: int) -> Sound:
    """Ours."""

    def blocks() -> Generator[npt.NDArray[np.float32], None, None]:
        for at in range(0, len(sound), 1 << 15):
            yield sound[at : at + (1 << 15), None].astype(np.float32)

    parts = list(limited(blocks(), rate, 1, gain=0.0, ceiling=CEILING_DB))
    return np.concatenate(parts)[:, 0].astype(np.float64)


def alimiter(folder: Path, times: int) -> Limiter:
    """ffmpeg's, at so many times the rate, which is how people bring it to limit true peaks."""

    def run(sound: Sound, rate: int) -> Sound:
        source, target = folder / "before.wav", folder / "after.wav"
        soundfile.write(source, sound, rate, "FLOAT")
        limit = f"alimiter=limit={amplitude(CEILING_DB):.6f}:attack=5:release=60:level=0:latency=1"
        chain = limit if times == 1 else f"aresample={rate * times},{limit},aresample={rate}"
        ffmpeg.run(["-i", str(source), "-af", chain, "-c:a", "pcm_f32le", "-y", str(target)])
        return np.asarray(soundfile.read(target, dtype="float64")[0])

    return run


def pedalboard(sound: Sound, rate: int) -> Sound:
    """JUCE's, by Spotify's pedalboard."""
    from pedalboard import Limiter as Board

    board = Board(threshold_db=CEILING_DB, release_ms=60.0)
    return np.asarray(board(sound.astype(np.float32), rate), np.float64)


def at_loudness(limiter: Limiter, sound: Sound, rate: int, target: float) -> tuple[Sound, Sound]:
    """What went in and what came out, at `target` LUFS."""
    gain = target - (integrated(sound.astype(np.float32), rate) or 0.0)
    for _ in range(ROUNDS):
        before = sound * amplitude(gain)
        after = limiter(before, rate)
        off = target - (integrated(after.astype(np.float32), rate) or 0.0)
        if abs(off) < CLOSE_LU:
            break
        gain += off
    return before, after


def true_peak(sound: Sound, rate: int) -> float:
    """In dBTP, at sixteen times the rate."""
    size, around = PIECE_SECONDS * rate, 1000
    padded = np.pad(sound, around)
    pieces = (padded[at : at + size + 2 * around] for at in range(0, len(sound), size))
    return 20 * float(np.log10(max(np.abs(resample_poly(each, 16, 1)).max() for each in pieces)))


def distortion(before: Sound, after: Sound, rate: int) -> float:
    """In dB relative to what came out."""
    after = aligned(before, after)
    size = round(EVEN_SECONDS * rate)
    window, residual, total = np.hanning(size), 0.0, 0.0
    for at in range(0, len(before) - size, size // 2):
        x, y = before[at : at + size] * window, after[at : at + size] * window
        power = float(x @ x)
        if power > 0:
            error = y - x * (float(x @ y) / power)
            residual += float(error @ error)
            total += float(y @ y)
    return 10 * float(np.log10(residual / total))


def aligned(before: Sound, after: Sound) -> Sound:
    """What came out, without its delay."""
    reach, count = 2000, min(len(before), len(after), 1 << 19)
    found = correlate(after[:count], before[reach : count - reach], "valid", "fft")
    late = int(np.argmax(found)) - reach
    moved = after[late:] if late >= 0 else np.pad(after, (-late, 0))
    return np.pad(moved, (0, max(0, len(before) - len(moved))))[: len(before)]


def table(folder: Path, sound: Sound, rate: int, target: float) -> Iterator[str]:
    """A line for each limiter."""
    limiters: dict[str, Limiter] = {
        "podgen": podgen,
        "alimiter": alimiter(folder, 1),
        "alimiter, 4 times the rate": alimiter(folder, 4),
    }
    if find_spec("pedalboard"):
        limiters["pedalboard"] = pedalboard
    yield f"{'limiter':28}{'LUFS':>8}{'dBTP, 16 times':>16}{'distortion, dB':>16}"
    for name, limiter in limiters.items():
        before, after = at_loudness(limiter, sound, rate, target)
        loudness = integrated(after.astype(np.float32), rate) or 0.0
        peak, unclean = true_peak(after, rate), distortion(before, after, rate)
        yield f"{name:28}{loudness:8.2f}{peak:16.2f}{unclean:16.1f}"
