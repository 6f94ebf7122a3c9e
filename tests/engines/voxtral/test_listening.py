"""Whisper in PyTorch beside CTranslate2's, and clips' tokens out of whole files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from podgen.engines.voxtral.settings import read_settings
from podgen.engines.voxtral.training.listening import Listener, distance
from podgen.engines.voxtral.training.run import Asked, train
from podgen.engines.voxtral.training.whisper import RATE, Whisper
from podgen.errors import EngineError, MachineError
from podgen.proof import weights
from tests.support.places import GOLDEN
from tests.support.talking import talk, write

pytest.importorskip("faster_whisper", reason="Whisper's weights need podgen[proof]")


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    return Whisper(weights.whisper())


def test_it_hears_as_ctranslate2_does(whisper: Whisper) -> None:
    from faster_whisper import WhisperModel

    wave = talk(3.0, rate=RATE)
    heard = whisper.hear(torch.from_numpy(wave))
    other: Any = WhisperModel(str(weights.whisper()), compute_type="float32", cpu_threads=1)
    padded = np.pad(wave, (0, RATE))
    features = other.feature_extractor(padded, padding=0)[:, : len(padded) // 160]
    encoded = other.encode(features[np.newaxis])
    ours = whisper._encoded(torch.from_numpy(wave))
    theirs = torch.from_numpy(np.array(encoded))[0]
    assert (ours - theirs).abs().max() < 5e-3 * theirs.abs().max()
    [(language, _), *_] = other.model.detect_language(encoded)[0]
    prompt = ["<|startoftranscript|>", language, "<|transcribe|>", "<|notimestamps|>"]
    [told] = other.model.generate(encoded, [prompt], beam_size=1, max_length=80)
    assert heard.states.shape == (len(told.sequences_ids[0]), whisper.width)
    assert heard.aligned.shape == (len(heard.states), 150)


def test_a_clip_has_the_tokens_that_are_said_in_it(whisper: Whisper, tmp_path: Path) -> None:
    path = write(tmp_path / "me.wav", talk(6.0))
    for heads in ("last", "aligned"):
        listener = Listener(whisper, tmp_path / "heard", heads, 12.5)
        whole = listener.within(path, 0.0, 75)
        assert torch.allclose(whole.shares.sum(1), torch.ones(len(whole.shares)), atol=1e-3)
        halves = [listener.within(path, start, 38) for start in (0.0, 3.04)]
        assert 0 < len(whole.states) >= max(len(half.states) for half in halves)
    assert len(list((tmp_path / "heard").iterdir())) == 1
    rows = torch.randn(1, 75, 8, requires_grad=True)
    head = torch.nn.Linear(8, whisper.width, bias=False)
    distance(rows, [whole], head).backward()
    assert rows.grad is not None and rows.grad.abs().sum() > 0


def test_codes_are_held_to_what_is_heard(tmp_path: Path) -> None:
    write(tmp_path / "speech" / "one" / "a.wav", talk(2.0))
    (tmp_path / "tiny.toml").write_text(
        'base = "v3"\nclips = 2\nseconds = 1.0\n[loss]\nspeaker = 0.0\nfeature = 0.0\n'
    )
    asked = Asked([tmp_path / "speech"], tmp_path / "run", str(tmp_path / "tiny.toml"), steps=2)
    settings = read_settings({"model": str(GOLDEN / "checkpoint"), "device": "cpu"})
    with pytest.raises(MachineError, match="--whisper"):
        train(asked, settings)
    train(replace(asked, whisper=weights.whisper), settings)
    lines = (tmp_path / "run" / "losses.jsonl").read_text().splitlines()
    assert all(0 < json.loads(line)["asr"] < 2 for line in lines) and len(lines) == 2


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no Whisper model"):
        Whisper(tmp_path)
