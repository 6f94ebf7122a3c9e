"""A short film of a sound: its waveform over the cover, and captions of what is said."""

from __future__ import annotations

import re
from pathlib import Path

import ffmpeg

from podgen.audio import ffmpeg as machine
from podgen.publish.captions import captions
from podgen.publish.episode import Episode

SIDE = 1080
"""Pixels: square, as every feed of pictures shows it."""
_RATE = 25  # frames a second
_BAND = 420  # pixels at the foot, darkened, for waveform and captions
_WIDTH, _HEIGHT = 38, 2  # columns and lines of a caption
_GROUND = "0x1c2126"
_HEAD = f"""\
[Script Info]
ScriptType: v4.00+
PlayResX: {SIDE}
PlayResY: {SIDE}
WrapStyle: 2

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Bold, Alignment, \
MarginL, MarginR, MarginV, BorderStyle, Outline, Shadow
Style: Said,Sans,46,&H00FFFFFF,&H00000000,&H00000000,0,2,60,60,70,1,2,0

[Events]
Format: Layer, Start, End, Style, Text
"""


def ass(episode: Episode) -> str:
    """Captions in ASS, the form in which ffmpeg's libass takes a place and a size; the speaker in
    bold above what is said."""
    lines = [
        f"Dialogue: 0,{_clock(episode.seconds(one.start))},{_clock(episode.seconds(one.end))},Said,"
        f"{{\\b1\\fs34}}{_escaped(one.turn.speaker)}{{\\r}}\\N"
        + "\\N".join(_escaped(line) for line in one.lines)
        for one in captions(
            episode.turns,
            _WIDTH,
            _HEIGHT,
            rate=episode.sample_rate,
            total=episode.total,
            head=lambda _speaker, _named: 0,
        )
    ]
    return _HEAD + "\n".join(lines) + "\n"


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    minutes, rest = hundredths // 6000, hundredths % 6000
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"


def _escaped(text: str) -> str:
    """Text without what libass takes for an order."""
    return re.sub(r"[{}\\]", " ", " ".join(text.split()))


def film(sound: Path, cover: Path | None, subtitles: Path, seconds: float, path: Path) -> None:
    """Write an MP4 of a sound file: H.264 and AAC, index at the front.

    `subtitles` is an ASS file; without a `cover` the ground is dark.

    Raises:
        FfmpegError: ffmpeg failed, or was built without libx264 or libass.
    """
    heard = ffmpeg.input(machine.local(sound)).audio
    split = heard.filter_multi_output("asplit", 2)
    size = f"{SIDE}x{SIDE}"
    if cover is None:
        ground = ffmpeg.input(f"color=c={_GROUND}:s={size}:r={_RATE}", format="lavfi").video
    else:
        still = ffmpeg.input(machine.local(cover), framerate=_RATE).video
        ground = still.filter("scale", SIDE, SIDE, force_original_aspect_ratio="decrease")
        ground = ground.filter("pad", SIDE, SIDE, "(ow-iw)/2", "(oh-ih)/2", color=_GROUND)
        # Held from here on: reading and scaling it for each frame takes longer than all the rest.
        ground = ground.filter("loop", loop=-1, size=1)
    ground = ground.filter("drawbox", y=SIDE - _BAND, h=_BAND, w=SIDE, color="black@0.75", t="fill")
    wave = split[0].filter(
        "showwaves",
        s=f"{SIDE - 120}x150",
        mode="cline",
        draw="full",
        rate=_RATE,
        colors="white",
        scale="sqrt",
    )
    shown = ground.overlay(wave, x=60, y=SIDE - _BAND + 30, shortest=0)
    shown = shown.filter("subtitles", filename=str(subtitles)).filter("format", "yuv420p")
    output = ffmpeg.output(
        shown,
        split[1],
        machine.local(path),
        t=f"{seconds:.3f}",
        r=_RATE,
        vcodec="libx264",
        preset="medium",
        crf=20,
        acodec="aac",
        audio_bitrate="160k",
        movflags="+faststart",
        fflags="+bitexact",
    )
    machine.run([*output.get_args(), "-y"])
