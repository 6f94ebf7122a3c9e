"""From the mix to finished files, judged by instruments of their own."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from podgen.audio import ffmpeg
from podgen.audio.automation import Duck
from podgen.audio.cues import Music, Speech
from podgen.audio.encode import FORMATS
from podgen.audio.master import Mastered, master, preview
from podgen.audio.mix import Scene
from podgen.audio.presets import Preset, preset
from podgen.audio.score import Score

from .material import RATE, decoded, ebur128, laid, music, noise, rms_db, save, speech, tone, turns


def scene(folder: Path, own: Preset, seconds: float = 2.5) -> Scene:
    """Two turns, the second breaking in, under an intro that ducks."""
    path, asset = music(folder, noise(6, -20, seed=9), own.channels)
    cues, sources = turns(folder, {"a1": speech(seconds), "b1": speech(seconds, seed=2)})
    second = replace(cues[1], overlap=0.5)
    intro = Music("m", "intro", 6 * RATE, lead=2, fade_in=0.2, fade_out=2)
    timeline = laid([intro, cues[0], second], head=own.head, tail=own.tail)
    return Scene(timeline, own.channels, sources, {"m": Score(path, asset, -8, duck=Duck(10))})


def rendered(folder: Path, own: Preset, *forms: str, **options: object) -> Mastered:
    """A master of some eight seconds."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    outputs = {form: out / f"show.{form}" for form in forms}
    return master(scene(folder, own), own, outputs, **options)  # type: ignore[arg-type]


def problems(done: Mastered) -> list[str]:
    return [f.what for item in done.deliverables for f in item.verdict.failures]


def test_every_format_is_what_was_asked_at_the_first_try(tmp_path: Path) -> None:
    own = preset("apple")
    done = rendered(tmp_path, own, *FORMATS)
    assert problems(done) == []
    assert done.rounds == 1
    total = scene(tmp_path, own).timeline.total
    for item in done.deliverables:
        loudness, peak = ebur128(item.path)
        assert loudness == pytest.approx(-16, abs=0.2)
        assert peak <= -1.0
        assert item.verdict.seconds == pytest.approx(total / RATE, abs=0.03)
        assert item.path == tmp_path / "out" / f"show.{item.verdict.form}"
    assert sorted(path.suffix[1:] for path in (tmp_path / "out").iterdir()) == sorted(FORMATS)
    for form in ("wav", "flac"):
        assert len(decoded(tmp_path / "out" / f"show.{form}")) == total


@pytest.mark.parametrize("bitrate", [128, 192, 224, 256])
def test_mp3_is_as_loud_as_its_master(tmp_path: Path, bitrate: int) -> None:
    """LAME turns everything down by up to 0.45 dB, depending on the bit rate."""
    done = rendered(tmp_path, preset("apple", {"bitrate": bitrate}), "wav", "mp3")
    wav, mp3 = (item.verdict for item in done.deliverables)
    assert wav.loudness is not None and mp3.loudness is not None
    assert mp3.loudness == pytest.approx(wav.loudness, abs=0.08)
    assert mp3.bit_rate == bitrate


@pytest.mark.parametrize("name", ["apple-mono", "spotify", "ebu", "aes"])
def test_presets_are_met(tmp_path: Path, name: str) -> None:
    own = preset(name, {"sample_rate": RATE})
    done = rendered(tmp_path, own, "mp3")
    assert problems(done) == []
    loudness, peak = ebur128(done.deliverables[0].path)
    assert loudness == pytest.approx(own.loudness, abs=0.2)
    assert peak <= own.true_peak


def test_acx_is_met(tmp_path: Path) -> None:
    done = rendered(tmp_path, preset("acx"), "mp3")
    assert problems(done) == []
    sound = decoded(done.deliverables[0].path)
    assert sound.shape[1] == 1
    assert -23 <= rms_db(sound) <= -18
    assert np.abs(sound).max() <= 10 ** (-3 / 20)
    assert np.abs(sound[: RATE // 2]).max() < 1e-3


def test_the_same_show_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    own = preset("apple")
    outputs = {form: tmp_path / f"show.{form}" for form in FORMATS}
    for _ in range(2):
        done = master(scene(tmp_path, own, seconds=1), own, outputs)
        digests.append(
            [hashlib.sha256(item.path.read_bytes()).hexdigest() for item in done.deliverables]
        )
        time.sleep(1.1)  # a date in a file would show
    assert digests[0] == digests[1]


def test_positions_survive_mastering(tmp_path: Path) -> None:
    """Encoder delays are told to the decoder, and taken away by it."""
    sound = noise(1.0, -26, seed=4)
    cues, sources = turns(tmp_path, {"a1": sound})
    timeline = laid(cues, head=0.7, tail=0.7)
    outputs = {form: tmp_path / f"o.{form}" for form in ("wav", "mp3", "opus")}
    own = preset("apple-mono", {"sample_rate": 48000})
    resampled = Scene(replace(timeline, rate=RATE), 1, sources)
    done = master(resampled, replace(own, sample_rate=RATE), outputs)
    for item in done.deliverables:
        out = decoded(item.path)[:, 0]
        if item.verdict.form == "opus":
            out = np.interp(np.arange(0, len(out), 48000 / RATE), np.arange(len(out)), out)
        spectrum = np.fft.rfft(out, 1 << 18) * np.conj(np.fft.rfft(sound, 1 << 18))
        found = int(np.argmax(np.fft.irfft(spectrum)))
        assert found == pytest.approx(timeline.speech[0].start, abs=1), item.verdict.form


@pytest.mark.parametrize("seconds", [0.05, 0.3, 1.0, 2.0])
def test_short_episodes_work_too(tmp_path: Path, seconds: float) -> None:
    cues, sources = turns(tmp_path, {"a1": tone(seconds, 300, -23)})
    short = Scene(laid(cues), 2, sources)
    outputs = {form: tmp_path / f"o.{form}" for form in FORMATS}
    done = master(short, preset("apple", {"head": 0, "tail": 0}), outputs)
    assert problems(done) == []
    assert len(decoded(tmp_path / "o.wav")) == short.timeline.total


def test_a_mix_without_sound_is_not_what_was_asked(tmp_path: Path) -> None:
    cues, sources = turns(tmp_path, {"a1": np.zeros(RATE, np.float32)})
    outputs = {"mp3": tmp_path / "show.mp3"}
    done = master(Scene(laid(cues), 2, sources), preset("apple"), outputs)
    assert "nothing but silence" in problems(done)
    assert "turn a1 is silent for 1.00 s" in problems(done)


def test_it_is_corrected_if_the_first_try_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from podgen.audio import encode

    monkeypatch.setattr(encode, "_LAME_SCALES", ())  # as if nobody knew
    done = rendered(tmp_path, preset("apple"), "mp3")
    assert done.rounds == 2
    assert problems(done) == []


def test_tags_are_written_before_the_file_is_judged(tmp_path: Path) -> None:
    """What tags break, judging sees."""

    def spoil(path: Path, form: str) -> None:
        if form == "mp3":
            path.write_bytes(path.read_bytes()[:20_000])

    done = rendered(tmp_path, preset("apple"), "mp3", "wav", finish=spoil)
    assert done.deliverables[0].verdict.failures


def test_chapters_of_an_m4a(tmp_path: Path) -> None:
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=3000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=3000\nEND=9000\ntitle=Two\n"
    )
    done = rendered(tmp_path, preset("apple"), "m4a", "mp3", chapters=chapters)
    assert problems(done) == []
    said = ffmpeg.run(["-i", str(done.deliverables[0].path), "-t", "0", "-f", "null", "-"])
    titles = re.findall(r"Chapter #0:\d: start (\S+),.*\n.*\n\s+title\s+: (\w+)", said)
    assert titles[:2] == [("0.000000", "One"), ("3.000000", "Two")]
    plain = ffmpeg.run(["-i", str(done.deliverables[1].path), "-t", "0", "-f", "null", "-"])
    assert "Chapter" not in plain
    assert not re.search(r"Lav[fc]\d", plain.partition("Output #0")[0])


def test_progress_goes_from_stage_to_stage(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    rendered(
        tmp_path, preset("apple"), "mp3", progress=lambda stage, part: told.append((stage, part))
    )
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["measuring", "encoding", "verifying"]
    for stage in ("measuring", "encoding", "verifying"):
        parts = [part for own, part in told if own == stage]
        assert parts == sorted(parts)
        assert parts[-1] == pytest.approx(1.0, abs=0.01)


def test_a_preview_is_that_part_of_the_episode(tmp_path: Path) -> None:
    own = preset("apple")
    done = rendered(tmp_path, own, "wav")
    start, end = 2 * RATE, 5 * RATE
    preview(scene(tmp_path, own), own, tmp_path / "preview.wav", start, end, done.gain)
    part, whole = decoded(tmp_path / "preview.wav"), decoded(done.deliverables[0].path)
    assert len(part) == end - start
    quiet = np.abs(whole[start:end]).max(axis=1) < 0.4  # where nothing was limited
    assert np.abs(part - whole[start:end])[quiet].mean() < 1e-3
    preview(scene(tmp_path, own), own, tmp_path / "preview.mp3", -500, 10**9)
    assert len(decoded(tmp_path / "preview.mp3")) == pytest.approx(len(whole), abs=1200)


PROGRAM = """
    import sys
    from pathlib import Path
    from podgen.audio.lane import Source
    from podgen.audio.master import master
    from podgen.audio.mix import Scene
    from podgen.audio.presets import preset
    from podgen.audio.cues import Speech
    from podgen.audio.timeline import lay_out
    clip, target = map(Path, sys.argv[1:3])
    cues = [Speech(f"t{n}", "a", 10 * 44100) for n in range(int(sys.argv[3]) // 10)]
    timeline = lay_out(cues, 44100, gap=0)
    sources = {cue.id: Source(clip) for cue in cues}
    stages = set()
    def progress(stage, part):
        if stage not in stages:
            stages.add(stage)
            print(stage, flush=True)
    master(Scene(timeline, 2, sources), preset("apple"), {"mp3": target}, progress=progress)
"""


def started(
    folder: Path, until: str, seconds: int = 300, **options: object
) -> subprocess.Popen[str]:
    """Masters so much in a process of its own, and returns once it is at a stage."""
    folder.joinpath("out").mkdir()
    clip = save(folder / "clip.wav", speech(10))
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", textwrap.dedent(PROGRAM)),
            *(str(clip), str(folder / "out" / "o.mp3"), str(seconds)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == until:
            break
    return process


@pytest.mark.parametrize("stage", ["measuring", "encoding"])
def test_an_interrupted_master_leaves_no_process(tmp_path: Path, stage: str) -> None:
    process = started(tmp_path, stage)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in error
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []


def test_a_killed_master_leaves_no_process(tmp_path: Path) -> None:
    process = started(tmp_path, "encoding")
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=20)
    _, alive = psutil.wait_procs(children, timeout=10)  # their pipes have ended
    assert alive == []


@pytest.mark.skipif(os.name != "posix", reason="file size limits are POSIX")
def test_a_disk_that_takes_no_more_is_an_error(tmp_path: Path) -> None:
    import resource

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    process = started(tmp_path, "encoding", seconds=60, preexec_fn=small)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "FfmpegError" in error


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ffmpeg.FfmpegError, match="No such file"):
        master(
            scene(tmp_path, preset("apple")),
            preset("apple"),
            {"mp3": tmp_path / "nowhere" / "o.mp3"},
        )


def test_speakers_far_apart_are_no_matter_for_the_master(tmp_path: Path) -> None:
    """One gain for all leaves what levelling made; loudnorm would pump or stay 8 dB apart."""
    cues = [Speech("a1", "a", 5 * RATE), Speech("b1", "b", 5 * RATE)]
    sources = turns(tmp_path, {"a1": speech(5), "b1": speech(5, seed=3)})[1]
    done = master(Scene(laid(cues), 1, sources), preset("apple-mono"), {"wav": tmp_path / "o.wav"})
    out = decoded(done.deliverables[0].path)
    parts = [save(tmp_path / f"{n}.wav", out[n * 5 * RATE : (n + 1) * 5 * RATE]) for n in (0, 1)]
    one, other = (ebur128(part)[0] for part in parts)
    assert one == pytest.approx(other, abs=0.3)
