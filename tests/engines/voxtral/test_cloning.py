"""A voice cloned, cast and injected, and an encoder trained, on the small checkpoint."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from podgen.cli.app import app
from podgen.engines.base import Utterance
from podgen.engines.voxtral import VoxtralEngine
from podgen.engines.voxtral.cloning.codec import open_codec
from podgen.engines.voxtral.cloning.enrol import Enrolment, enrol
from podgen.engines.voxtral.cloning.losses import Spectra, mel_bank
from podgen.engines.voxtral.cloning.optimise import Step
from podgen.engines.voxtral.cloning.speaker import SpeakerEncoder
from podgen.engines.voxtral.model.config import SPECIAL_CODES
from podgen.engines.voxtral.model.convolution import causal_conv
from podgen.engines.voxtral.settings import Settings, read_settings
from podgen.engines.voxtral.training.data import Data
from podgen.engines.voxtral.training.filters import filterbank
from podgen.engines.voxtral.training.run import Asked, train
from podgen.engines.voxtral.training.trainer import ENCODER
from podgen.engines.voxtral.training.weights import TrainedEncoder
from podgen.errors import PodgenError
from podgen.render.keys import heard_as, take_key
from tests.support.lenient import lenient
from tests.support.places import GOLDEN
from tests.support.talking import talk, write

pytest.importorskip("mistral_common", reason="the engine's prompts need mistral-common")

MODEL = GOLDEN / "checkpoint"
CONSENT = ("--consent", "Made up by a program; nobody to ask.")
RECIPE = """\
base = "ours"
clips = 2
seconds = 0.6
rate = 1e-3
warmup = 2
dtype = "float32"
save_every = 4
validate_every = 5
discriminator_channels = 2
discriminator_start = 3

[loss]
speaker = 0.0
"""


@pytest.fixture(scope="module")
def settings() -> Settings:
    return read_settings({"model": str(MODEL), "device": "cpu"})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Path:
    """A folder with speech, a recipe, and an encoder trained for a few steps."""
    folder = tmp_path_factory.mktemp("trained")
    for number in range(3):
        write(folder / "speech" / f"speaker{number}" / "a.wav", talk(2.0, 110 + 40 * number))
    (folder / "tiny.toml").write_text(RECIPE)
    train(asked(folder, "whole"), settings)
    return folder


def asked(folder: Path, out: str) -> Asked:
    return Asked([folder / "speech"], folder / out, str(folder / "tiny.toml"), steps=10)


def killed(run: Callable[[], object]) -> None:
    """Call `run` in a process of its own, which kills itself."""
    child = os.fork()
    if not child:
        try:
            run()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


def podgen(*arguments: str | Path) -> tuple[int, str]:
    """The command line: its exit code, and what it told."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(done.exception, PodgenError):
        return done.exception.exit_code, str(done.exception)
    return done.exit_code, done.output


def losses(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]


def test_a_killed_training_goes_on_to_the_same_losses(trained: Path, settings: Settings) -> None:
    def kill(step: int) -> None:
        if step == 6:
            os.kill(os.getpid(), signal.SIGKILL)

    killed(lambda: train(asked(trained, "killed"), settings, lambda p: kill(p.step)))
    steps: list[int] = []
    train(asked(trained, "killed"), settings, lambda progress: steps.append(progress.step))
    assert steps == list(range(5, 11))
    assert losses(trained / "killed") == losses(trained / "whole")
    one, other = (trained / name / ENCODER for name in ("killed", "whole"))
    assert one.read_bytes() == other.read_bytes()
    code, told = podgen(
        "train", "encoder", "--model", MODEL, "--device", "cpu", "--data", trained / "speech",
        "--recipe", "ours", "--out", trained / "whole",
    )  # fmt: skip
    assert code == 3 and "another recipe" in told


def test_a_voice_is_added_cast_rendered_and_injected(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PODGEN_STORE", str(tmp_path / "store"))
    encoder = trained / "whole" / ENCODER
    write(tmp_path / "me.wav", talk(4.0))
    add = ("voices", "add", "ada", "me.wav", *CONSENT, "--model", MODEL, "--device", "cpu")
    assert podgen(*add, "--encoder", encoder)[0] == 0
    before = digests(MODEL)
    voice = tmp_path / "voices" / "ada.safetensors"
    code, told = podgen(
        "encoder", "inject", "--model", MODEL, "--encoder", encoder, "--into", "new",
        "--voice", voice,
    )  # fmt: skip
    assert code == 0, told
    assert digests(MODEL) == before
    reads_back(tmp_path / "new", encoder, voice)

    (tmp_path / "show.yaml").write_text(
        # One at a time: products round otherwise in another place of a batch.
        "engines: {voxtral: {batch: 1}}\n"
        "cast:\n"
        "  ADA: {voices: {voxtral: voices/ada.safetensors}}\n"
        "  BEN: {voices: {voxtral: {ref_audio: me.wav, consent: Nobody to ask.}}}\n"
        "  CAL: {voices: {voxtral: dropped}}\n"
        "  DOT: {voices: {voxtral: casual_male}}\n"
        "turns:\n"
        "- ADA: {text: 'Hello there, this is a test.', id: file}\n"
        "- BEN: {text: 'Hello there, this is a test.', id: recording}\n"
        "- CAL: {text: 'Hello there, this is a test.', id: dropped}\n"
        "- DOT: {text: 'Hello there, this is a test.', id: turn, ref_audio: me.wav,\n"
        "        settings: {consent: Nobody to ask.}}\n"
    )
    for model in (MODEL, tmp_path / "new"):
        voices = tmp_path / "models" / model.name / "voice_embedding"
        shutil.copytree(model, voices.parent)
        shutil.copy(voice, voices / "dropped.safetensors")
    on_cpu = ("render", "show.yaml", "--engine", "voxtral", "--device", "cpu", "--model")
    code, told = podgen(*on_cpu, tmp_path / "models" / MODEL.name)
    assert code == 2 and len(told.splitlines()) == 2
    for line, turn in zip(told.splitlines(), ("recording", "turn"), strict=True):
        assert f"turn {turn}" in line and "voices add" in line and "train encoder" in line
    spoken = len(list((tmp_path / "store").rglob("takes/*/*.wav")))
    assert not spoken
    podgen(*on_cpu, tmp_path / "models" / "new")  # of noise, so it may fail to be an episode
    takes = list((tmp_path / "store").rglob("takes/*/*.wav"))
    assert len(takes) == 4
    [kept] = (tmp_path / "cache" / "podgen" / "recordings").glob("*.safetensors")
    assert torch.equal(load_file(kept)["rows"], load_file(voice)["rows"])
    # One voice, one text and one seed, whichever way the voice was named.
    assert len({sound(take) for take in takes}) == 1


def sound(path: Path) -> bytes:
    import soundfile

    samples: bytes = soundfile.read(path, dtype="float32")[0].tobytes()
    return samples


def reads_back(folder: Path, encoder: Path, voice: Path) -> None:
    """As this engine and as mistral-common read it."""
    from mistral_common.protocol.speech.request import SpeechRequest
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    old, new = (load_file(path / "consolidated.safetensors") for path in (MODEL, folder))
    extra = load_file(encoder)
    assert set(new) == set(old) | set(extra)
    for name, tensor in new.items():
        assert tensor.dtype == torch.bfloat16
        assert torch.equal(tensor, {**old, **extra}[name])
    # Whole blocks of the weights can be shared only where they begin alike.
    heads = [(path / "consolidated.safetensors").read_bytes()[:8] for path in (MODEL, folder)]
    assert len({int.from_bytes(head, "little") % 4096 for head in heads}) == 1
    rows = load_file(voice)["rows"]
    stored = torch.load(folder / "voice_embedding" / "ada.pt", weights_only=True)
    assert torch.equal(stored, rows)
    tokenizer = MistralTokenizer.from_file(str(folder / "tekken.json"))
    prompt = tokenizer.encode_speech_request(SpeechRequest(input="Hello.", voice="ada"))
    assert prompt.tokens.count(24) == len(rows)


def digests(folder: Path) -> dict[Path, str]:
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_optimisation_goes_on_and_comes_out_as_codes(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podgen.engines.voxtral.cloning.optimise._KEEP_EVERY", 3)
    monkeypatch.setattr("podgen.engines.voxtral.cloning.enrol._voices", lambda codec: None)
    recording = write(tmp_path / "me.wav", talk(3.4))
    wanted = Enrolment("ada", recording, CONSENT[1], "optimise", tmp_path, steps=8)

    def kill(step: Step) -> None:
        if step.number == 5:
            os.kill(os.getpid(), signal.SIGKILL)

    killed(lambda: enrol(wanted, settings, kill))
    [unfinished] = tmp_path.glob("*.unfinished")
    steps: list[Step] = []
    made = enrol(wanted, settings, steps.append)
    assert [step.number for step in steps] == list(range(4, 9))
    assert steps[-1].best <= steps[0].best < 3.0
    assert made.provenance.method == "optimise" and made.provenance.consent == CONSENT[1]
    rows = load_file(made.path)["rows"]
    assert rows.shape == (made.rows, 96) and rows.isfinite().all()
    assert not unfinished.exists()


def test_bad_input_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "me.wav", talk(4.0))
    Path("no.wav").write_text("nothing")
    shutil.copytree(MODEL, "bare")
    weights = load_file("bare/consolidated.safetensors")
    save_file(
        {name: t for name, t in weights.items() if "decoder_blocks" not in name},
        "bare/consolidated.safetensors",
    )
    stored = load_file(GOLDEN / "encoder" / "encoder.safetensors")
    name = "audio_tokenizer.input_proj.conv.parametrizations.weight.original0"
    save_file({**stored, name: torch.zeros(3, 1, 1)}, "wrong.safetensors")
    save_file({"x": torch.zeros(2)}, "bad.safetensors")
    model = ("--model", MODEL, "--device", "cpu")
    bare = ("--model", "bare", "--device", "cpu")
    add = ("voices", "add", "a")
    cases: list[tuple[int, str, tuple[str | Path, ...]]] = [
        (3, "no audio", (*add, "no.wav", *CONSENT, *model)),
        (2, "consent", (*add, "me.wav", "--consent", " ", *model)),
        (2, "name", ("voices", "add", "a/b", "me.wav", *CONSENT, *model)),
        (3, "decoder_blocks", (*add, "me.wav", *CONSENT, *bare)),
        (3, "no tensor", (*add, "me.wav", *CONSENT, *model, "--encoder", "bad.safetensors")),
        (3, "[3, 1, 1]", (*add, "me.wav", *CONSENT, *model, "--encoder", "wrong.safetensors")),
        (3, "optimise", (*add, "me.wav", *CONSENT, *model, "--method", "encode")),
        (2, "there already", ("encoder", "inject", *model[:2], "--encoder", "x", "--into", "bare")),
        (3, "decoder_blocks", ("train", "encoder", *bare, "--data", ".", "--out", "o")),
        (2, "neither speech", ("train", "encoder", *model, "--data", "bare", "--out", "o")),
        (
            2,
            "no recipe",
            ("train", "encoder", *model, "--data", ".", "--out", "o", "--recipe", "v9"),
        ),
    ]
    for code, told, arguments in cases:
        found, line = podgen(*arguments)
        assert (found, len(line.splitlines())) == (code, 1), line
        assert told in line
    assert not Path("voices").exists()


def test_a_disk_full_in_training_leaves_the_last_state(trained: Path, settings: Settings) -> None:
    """The state of step 4 is there; that of step 8 finds no room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(step: int) -> None:
        if step == 5:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))

    try:
        with pytest.raises(PodgenError, match=r"cannot write .*state\.pt: File too large"):
            train(asked(trained, "full"), settings, lambda progress: fill(progress.step))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    steps: list[int] = []
    train(asked(trained, "full"), settings, lambda progress: steps.append(progress.step))
    assert steps[0] == 5
    assert losses(trained / "full") == losses(trained / "whole")


def test_what_is_made_without_gradients_first_serves_them_later() -> None:
    """A proof measures, then trains, in one process."""
    voices = SpeakerEncoder() if find_spec("resemblyzer") else None
    mel_bank.cache_clear()
    wave = torch.from_numpy(talk(2.0))[None]

    def heard(wave: torch.Tensor) -> torch.Tensor:
        told = Spectra(wave).mels(1024, 80).mean()
        return told if voices is None else told + voices(wave).sum()

    with torch.inference_mode():
        heard(wave)
    learning = wave.clone().requires_grad_()
    heard(learning).backward()
    assert learning.grad is not None and learning.grad.abs().sum() > 0


def test_a_fitted_encoder_begins_at_the_codes_scale() -> None:
    codec = open_codec(MODEL)
    books = codec.decoder.codebooks
    spread = (books.rows - books.rows.mean(0)).square().mean().sqrt()
    encoder = TrainedEncoder(codec.params.codec, torch.float32)
    encoder.fit(torch.from_numpy(talk(2.0))[None], books)
    wave = torch.from_numpy(talk(2.0, 180.0, seed=1))
    semantic, acoustic = books.split(encoder(wave[None], [len(wave)]).detach())
    assert 0.5 < semantic.square().mean().sqrt() / spread < 2
    assert 0.3 < acoustic.square().mean().sqrt() < 1.2


@pytest.mark.parametrize("hertz", [150, 440, 1000, 6000])
def test_the_first_filters_tell_tones_apart(hertz: int) -> None:
    """The loudest band at any moment is the one whose centre is nearest."""
    bank = filterbank(96, 7, 240, 24000)
    spectra = torch.fft.rfft(bank.transpose(1, 2).flatten(1), 24000).abs()
    centres = spectra.argmax(1)[::2]
    tone = torch.sin(2 * torch.pi * hertz / 24000 * torch.arange(9600))
    heard = causal_conv(tone.view(-1, 240), bank, "zeros")[8:].unflatten(1, (48, 2)).norm(dim=2)
    loudest = centres[(heard / bank.flatten(1).norm(dim=1)[::2]).argmax(1)]
    assert (loudest == loudest[0]).all()
    assert (loudest[0] - hertz).abs() <= (centres - hertz).abs().sort().values[1]


def test_the_model_speaks_pairs_that_its_decoder_agrees_with(
    trained: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient(monkeypatch)
    monkeypatch.setattr("podgen.engines.voxtral.training.pairs.SHARD_CLIPS", 4)
    (tmp_path / "texts.txt").write_text("Hello there.\n\nThis is a test.\n")
    wanted = (
        "train",
        "pairs",
        tmp_path / "texts.txt",
        "--out",
        tmp_path / "pairs",
        "--shards",
        "2",
    )
    code, told = podgen(*wanted, "--model", MODEL, "--device", "cpu")
    assert code == 0 and len(told.splitlines()) == 2, told
    shards = sorted((tmp_path / "pairs").iterdir())
    times = [shard.stat().st_mtime_ns for shard in shards]
    assert podgen(*wanted, "--model", MODEL, "--device", "cpu") == (0, "")
    assert [shard.stat().st_mtime_ns for shard in shards] == times

    codec = open_codec(MODEL)
    data = Data([tmp_path / "pairs"], codec.params.codec, 0.0)
    assert len(data.pairs) == 8
    batch = data.pair_batch(3, 0.4, (0, 1))
    for wave, values, mask, length in zip(
        batch.waves, batch.values, batch.mask, batch.lengths, strict=True
    ):
        assert length == mask.sum() * 1920
        assert not wave[length:].any() and not values[~mask].any()
    pair = data.pairs[0]
    stored = load_file(pair.shard)
    codes = stored["codes"][: pair.frames].long() + SPECIAL_CODES
    sound = codec.decoder.decode(codes).clamp(-1, 1)
    assert (sound - stored["audio"][: pair.samples].float() / 32767).abs().max() < 1e-3

    asking = Asked(
        [tmp_path / "pairs", trained / "speech"],
        tmp_path / "run",
        str(trained / "tiny.toml"),
        steps=2,
    )
    train(asking, settings)
    told_of = losses(tmp_path / "run")[-1]
    assert {"codes_semantic", "codes_levels", "mel", "commit"} <= set(told_of)


def test_another_encoder_makes_new_takes_of_recordings_alone(trained: Path, tmp_path: Path) -> None:
    recording = write(tmp_path / "me.wav", talk(3.4))
    named = Utterance("a", "Hello.", "casual_male")
    cloned = replace(named, ref_audio=recording, settings={"consent": "Nobody to ask."})
    keys = []
    for encoder in (trained / "whole" / ENCODER, GOLDEN / "encoder" / "encoder.safetensors"):
        engine = VoxtralEngine({"model": str(MODEL), "device": "cpu", "encoder": str(encoder)})
        assert engine.capabilities().cloning
        assert engine.check(named) == engine.check(cloned) == []
        assert "consent" in engine.check(replace(cloned, settings={}))[0][0]
        print_of = engine.fingerprint()
        keys.append([take_key(heard_as(engine, print_of, one), one) for one in (named, cloned)])
    (name, recorded), (same, other) = keys
    assert name == same and recorded != other
