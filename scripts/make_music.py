"""Make the shows' music and effects: every sound is computed here, nothing is sampled.

    python scripts/make_music.py [FOLDER]     # shows/assets by default

The theme and the outro end by themselves, the bed is a loop that has no seam (notes, reverb and
equaliser all wrap round), and its energy stays out of the way of speech, 300 Hz to 3 kHz.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from studio import Desk, Note, bass, chord, filtered, keys, pad, pluck, seconds, shaker, swell

_SOFT = ((20, -24), (35, 0), (250, 0), (900, -1), (4000, 0), (9000, -3), (14000, -24), (20000, -60))

# D major: Dmaj9, Bm7, Gmaj9, A7sus4, and home.
_HARMONY = ((50, 57, 61, 64, 66), (47, 54, 57, 62, 66), (43, 54, 57, 59, 62), (45, 55, 59, 62, 64))
_HOOK: tuple[Note, ...] = (
    (0.0, 78, 1, 0.9), (1.0, 76, 0.5, 0.6), (1.5, 74, 1, 0.75), (2.5, 69, 1.5, 0.8),
    (4.0, 74, 1, 0.85), (5.0, 73, 0.5, 0.6), (5.5, 71, 1, 0.7), (6.5, 66, 1.5, 0.75),
    (8.0, 71, 1, 0.85), (9.0, 73, 0.5, 0.65), (9.5, 74, 1, 0.8), (10.5, 78, 1.5, 0.9),
    (12.0, 76, 1.5, 0.85), (13.5, 74, 0.5, 0.6), (14.0, 73, 1, 0.7), (15.0, 71, 1, 0.6),
)  # fmt: skip


def theme(path: Path) -> None:
    """The intro: four bars with a hook, then the home chord rings out; about 13 seconds."""
    desk = Desk(13.6, 60 / 104, seed=1)
    for bar, notes in enumerate(_HARMONY):
        beat = 4.0 * bar
        desk.play(pad, chord(beat, notes[1:], 4, 0.7), 0.16, 0.5)
        desk.play(keys, chord(beat, notes[1:], 1.4, 0.8), 0.10, 0.25)
        desk.play(keys, chord(beat + 2.5, notes[2:], 0.9, 0.55), 0.10, 0.25)
        roots: list[Note] = [(beat, notes[0] - 12, 1.8, 1.0), (beat + 2.5, notes[0] - 12, 1.2, 0.7)]
        desk.play(bass, roots, 0.15)
        beats: list[Note] = [(beat + half / 2, 0, 0.1, 0.5 + 0.5 * (half % 2)) for half in range(8)]
        desk.play(shaker, beats, 0.04, 0.35)
    desk.play(pluck, _HOOK, 0.42, 0.2)
    desk.play(pad, chord(16, (50, 57, 62, 64, 66, 69), 4, 0.7), 0.16, 0.5)
    desk.play(keys, chord(16, (50, 57, 62, 66, 69), 4, 0.9), 0.13, 0.3)
    desk.play(bass, [(16, 38, 5, 1.0)], 0.15)
    desk.play(pluck, [(16, 74, 3, 0.9), (16.5, 78, 3, 0.6), (17, 81, 3, 0.5)], 0.36, 0.3)
    desk.reverb(0.55, 2.2)
    desk.equalise(_SOFT)
    desk.write(path, -22, fade=1.2)


def bed(path: Path) -> None:
    """The bed: eight slow bars, half a minute, round and round, low and high but not between."""
    desk = Desk(27.2, 0.85, seed=2, loop=True)
    for bar, notes in enumerate((*_HARMONY, *_HARMONY[:3], (45, 57, 61, 64, 69))):
        beat = 4.0 * bar
        desk.play(pad, chord(beat, (notes[0], notes[1], notes[2] - 12), 4, 0.8), 0.13, 0.6)
        desk.play(bass, [(beat, notes[0] - 12, 2.5, 1.0), (beat + 3, notes[0] - 12, 1, 0.6)], 0.045)
        high: list[Note] = [
            (beat + 0.5 + step, 98 + (0, 7, 4, 9)[(bar + step) % 4] - 12 * (step == 2), 0.5, 0.8)
            for step in range(4)
        ]
        desk.play(keys, high, 0.06, 0.6)
        beats: list[Note] = [(beat + half / 2, 0, 0.1, 0.4 + 0.6 * (half % 2)) for half in range(8)]
        desk.play(shaker, beats, 0.015, 0.4)
    desk.reverb(0.6, 2.8)
    desk.equalise(
        (
            (20, -24),
            (40, 0),
            (220, 0),
            (330, -12),
            (2600, -14),
            (4200, 0),
            (11000, -2),
            (20000, -14),
        )
    )
    desk.write(path, -38)


def outro(path: Path) -> None:
    """The way out: the hook's second half over its chords, slower, and home."""
    desk = Desk(11.5, 60 / 92, seed=3)
    for bar, notes in enumerate(_HARMONY[2:]):
        desk.play(pad, chord(4.0 * bar, notes[1:], 4, 0.7), 0.17, 0.5)
        desk.play(keys, chord(4.0 * bar, notes[1:], 2.5, 0.8), 0.11, 0.25)
        desk.play(bass, [(4.0 * bar, notes[0] - 12, 3.5, 1.0)], 0.15)
    desk.play(pluck, [(b - 8, m, n, v) for b, m, n, v in _HOOK if b >= 8], 0.40, 0.2)
    desk.play(pad, chord(8, (50, 57, 62, 64, 66), 4.5, 0.7), 0.17, 0.5)
    desk.play(keys, chord(8, (50, 57, 62, 66, 74), 4.5, 0.9), 0.13, 0.3)
    desk.play(bass, [(8, 38, 5, 1.0)], 0.15)
    desk.play(
        pluck, [(8, 74, 3, 0.8), (9, 69, 3, 0.6), (10, 66, 3, 0.5), (11, 62, 4, 0.5)], 0.26, 0.3
    )
    desk.reverb(0.6, 2.6)
    desk.equalise(_SOFT)
    desk.write(path, -22, fade=2.0)


def sting(path: Path) -> None:
    """Between chapters: three notes up and a chord, three seconds."""
    desk = Desk(3.4, 60 / 104, seed=4)
    desk.play(pluck, [(0, 69, 1, 0.7), (0.5, 74, 1, 0.8), (1, 78, 2, 0.9)], 0.42, 0.3)
    desk.play(keys, chord(1, (50, 57, 64, 66), 2.5, 0.8), 0.12, 0.3)
    desk.play(bass, [(1, 38, 2.5, 0.9)], 0.13)
    desk.reverb(0.6, 1.8)
    desk.equalise(_SOFT)
    desk.write(path, -22, fade=0.8)


def knock(path: Path) -> None:
    """Three knocks on a wooden door: the panel's modes, struck, in a small hall."""
    desk = Desk(2.2, 1.0, seed=5)
    t = seconds(0.35)
    modes = (
        (92, 1.0, 0.055),
        (147, 0.8, 0.04),
        (236, 0.6, 0.028),
        (418, 0.35, 0.018),
        (760, 0.2, 0.01),
    )
    for at, force in ((0.05, 0.9), (0.33, 0.8), (0.60, 1.0)):
        click = filtered(desk.rng.normal(size=t.size), 500, 3500) * np.exp(-t / 0.004)
        panel = sum(
            a * np.sin(2 * np.pi * f * desk.rng.uniform(0.99, 1.01) * t) * np.exp(-t / d)
            for f, a, d in modes
        )
        desk.lay(np.asarray(panel + 0.25 * click) * np.clip(t / 0.0008, 0, 1), at, force, 0.0)
    desk.reverb(0.35, 0.7)
    desk.equalise(((20, -24), (60, 0), (20000, 0)))
    desk.write(path, -20, fade=0.4, mono=True)


def wind(path: Path) -> None:
    """Wind round a tower, eight seconds that loop: noise through two slowly moving throats."""
    desk = Desk(8.0, 1.0, seed=6, loop=True)
    t = seconds(8.0)
    turn = 2 * np.pi * t / 8.0  # whole turns only, so that the gusts meet at the seam
    noise = desk.rng.normal(size=t.size)
    for low, high, gust, phase, pan in (
        (60, 220, 1, 0.0, -0.3),
        (180, 480, 2, 1.9, 0.4),
        (420, 900, 3, 4.1, 0.0),
    ):
        throat = filtered(noise, low, high)
        breath = 0.55 + 0.3 * np.sin(gust * turn + phase) + 0.15 * np.sin((gust + 2) * turn - phase)
        desk.lay(throat * breath, 0.0, 1.0 / gust, pan)
    desk.write(path, -34, mono=True)


def beacon(path: Path) -> None:
    """A radio's call: two soft beeps, a little narrow, as through a small loudspeaker."""
    desk = Desk(1.6, 1.0, seed=7)
    for at, frequency in ((0.05, 880.0), (0.35, 1174.7)):
        t = seconds(0.22)
        tone = np.sin(2 * np.pi * frequency * t + 0.6 * np.sin(4 * np.pi * frequency * t))
        desk.lay(tone * swell(0.22, 0.012, 0.06), at, 0.5, 0.0)
    desk.reverb(0.3, 0.8)
    desk.equalise(((20, -30), (350, -12), (700, 0), (3000, 0), (6000, -18), (20000, -30)))
    desk.write(path, -22, fade=0.4, mono=True)


PIECES = {
    "theme": theme,
    "bed": bed,
    "outro": outro,
    "sting": sting,
    "knock": knock,
    "wind": wind,
    "beacon": beacon,
}


def main() -> None:
    """Write every piece into the folder given, or shows/assets."""
    default = Path(__file__).resolve().parent.parent / "shows" / "assets"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PIECES.items():
        make(folder / f"{name}.flac")


if __name__ == "__main__":
    main()
