"""A voice cloned from the command line, on the small checkpoint of random weights."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.support.places import GOLDEN
from tests.support.talking import talk, write

torch = pytest.importorskip("torch", reason="the Voxtral engine is not installed")
pytest.importorskip("mistral_common", reason="the Voxtral engine is not installed")

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
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with speech, a recipe, and an encoder that was killed in training and went on."""
    folder = tmp_path_factory.mktemp("trained")
    for number in range(3):
        write(folder / "speech" / f"speaker{number}" / "a.wav", talk(2.0, 110 + 40 * number))
    (folder / "tiny.toml").write_text(RECIPE)
    return folder


def train(podgen: CommandLine, folder: Path, out: str) -> list[str]:
    return podgen.argv(
        "train", "encoder", "--model", MODEL, "--device", "cpu", "--data", folder / "speech",
        "--recipe", folder / "tiny.toml", "--steps", "10", "--out", folder / out, "--json",
    )  # fmt: skip


def losses(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]


def test_a_killed_training_goes_on_to_the_same_losses(podgen: CommandLine, trained: Path) -> None:
    env = {**podgen.environment, "OMP_NUM_THREADS": "1"}
    whole = subprocess.run(train(podgen, trained, "whole"), env=env, capture_output=True, text=True)
    assert whole.returncode == 0, whole.stderr
    begun = subprocess.Popen(train(podgen, trained, "killed"), env=env, stdout=subprocess.PIPE)
    assert begun.stdout is not None
    for line in begun.stdout:
        if json.loads(line)["step"] == 6:
            break
    os.kill(begun.pid, signal.SIGKILL)
    begun.wait()
    begun.stdout.close()
    again = subprocess.run(
        train(podgen, trained, "killed"), env=env, capture_output=True, text=True
    )
    assert again.returncode == 0, again.stderr
    first = json.loads(again.stdout.splitlines()[0])["step"]
    assert first == 5
    assert losses(trained / "killed") == losses(trained / "whole")
    one, other = (trained / name / "encoder.safetensors" for name in ("killed", "whole"))
    assert one.read_bytes() == other.read_bytes()


def test_a_voice_is_added_cast_rendered_and_injected(podgen: CommandLine, trained: Path) -> None:
    encoder = trained / "whole" / "encoder.safetensors"
    if not encoder.exists():
        env = {**podgen.environment, "OMP_NUM_THREADS": "1"}
        subprocess.run(train(podgen, trained, "whole"), env=env, check=True, capture_output=True)
    folder = podgen.folder
    write(folder / "me.wav", talk(4.0))
    cache = {"XDG_CACHE_HOME": str(folder / "cache")}
    add = ("voices", "add", "ada", "me.wav", *CONSENT, "--model", MODEL, "--device", "cpu")
    added = podgen(*add, "--encoder", encoder)
    assert added.code == 0, added.err
    before = digests(MODEL)
    voice = folder / "voices" / "ada.safetensors"
    injected = podgen(
        "encoder", "inject", "--model", MODEL, "--encoder", encoder, "--into", "new",
        "--voice", voice,
    )  # fmt: skip
    assert injected.code == 0, injected.err
    assert digests(MODEL) == before
    reads_back(folder / "new", encoder, voice)

    (folder / "show.yaml").write_text(
        "cast:\n"
        "  ADA: {voices: {voxtral: voices/ada.safetensors}}\n"
        "  BEN: {voices: {voxtral: {ref_audio: me.wav, consent: Nobody to ask.}}}\n"
        "turns:\n"
        "- ADA: {text: 'Hello there, this is a test.', id: file}\n"
        "- BEN: {text: 'Hello there, this is a test.', id: recording}\n"
    )
    on_cpu = ("--engine", "voxtral", "--device", "cpu", "--model")
    refused = podgen("render", "show.yaml", *on_cpu, MODEL, **cache)
    assert refused.code == 2
    [line] = refused.err.splitlines()
    assert "turn recording" in line and "voices add" in line and "train encoder" in line
    run = podgen("render", "show.yaml", *on_cpu, folder / "new", "--json", **cache)
    # Random weights seldom end a turn; what matters is that both voices are the same.
    kept = list((folder / "cache" / "podgen" / "recordings").glob("*.safetensors"))
    assert len(kept) == 1, run.err
    from safetensors.torch import load_file

    assert torch.equal(load_file(kept[0])["rows"], load_file(voice)["rows"])


def reads_back(folder: Path, encoder: Path, voice: Path) -> None:
    """As this engine and as mistral-common read it."""
    from mistral_common.protocol.speech.request import SpeechRequest
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
    from safetensors import safe_open
    from safetensors.torch import load_file

    old, new = (load_file(path / "consolidated.safetensors") for path in (MODEL, folder))
    extra = load_file(encoder)
    assert set(new) == set(old) | set(extra)
    for name, tensor in new.items():
        assert tensor.dtype == torch.bfloat16
        assert torch.equal(tensor, {**old, **extra}[name])
    with safe_open(folder / "consolidated.safetensors", "pt") as file:
        begin = 8 + int.from_bytes((folder / "consolidated.safetensors").read_bytes()[:8], "little")
        assert file.keys()
    original = (MODEL / "consolidated.safetensors").read_bytes()
    assert begin % 4096 == (8 + int.from_bytes(original[:8], "little")) % 4096
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


def test_an_optimisation_goes_on_and_comes_out_as_codes(podgen: CommandLine) -> None:
    write(podgen.folder / "me.wav", talk(3.5))
    add = ("voices", "add", "ada", "me.wav", *CONSENT, "--model", MODEL, "--device", "cpu")
    one = ("--steps", "60", "--json")
    begun = podgen.start(*add, *one)
    assert begun.stdout is not None
    for line in begun.stdout:
        if json.loads(line)["number"] >= 52:
            break
    begun.kill()
    begun.wait()
    [unfinished] = podgen.folder.glob("voices/*.unfinished")
    run = podgen(*add, *one)
    assert run.code == 0, run.err
    steps = run.named("step")
    assert steps[0]["number"] == 51 and steps[-1]["best"] < steps[0]["loss"] * 1.2
    [told] = run.named("enrolled")
    assert told["method"] == "optimise" and told["consent"] == CONSENT[1]
    assert not unfinished.exists()


def test_bad_input_is_told_in_one_line(podgen: CommandLine, tmp_path: Path) -> None:
    folder = podgen.folder
    write(folder / "me.wav", talk(4.0))
    (folder / "no.wav").write_text("nothing")
    shutil.copytree(MODEL, folder / "bare")
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "bare" / "consolidated.safetensors")
    save_file(
        {n: t for n, t in weights.items() if "decoder_blocks" not in n},
        folder / "bare" / "consolidated.safetensors",
    )
    save_file({"audio_tokenizer.input_proj.x": torch.zeros(2)}, folder / "bad.safetensors")
    model = ("--model", MODEL, "--device", "cpu")
    cases: list[tuple[int, str, tuple[str | Path, ...]]] = [
        (3, "no audio", ("voices", "add", "a", "no.wav", *CONSENT, *model)),
        (2, "consent", ("voices", "add", "a", "me.wav", "--consent", " ", *model)),
        (2, "name", ("voices", "add", "a/b", "me.wav", *CONSENT, *model)),
        (
            3,
            "decoder_blocks",
            ("voices", "add", "a", "me.wav", *CONSENT, "--model", "bare", "--device", "cpu"),
        ),
        (
            3,
            "no tensor",
            ("voices", "add", "a", "me.wav", *CONSENT, *model, "--encoder", "bad.safetensors"),
        ),
        (3, "optimise", ("voices", "add", "a", "me.wav", *CONSENT, *model, "--method", "encode")),
        (
            2,
            "there already",
            (
                "encoder",
                "inject",
                "--model",
                MODEL,
                "--encoder",
                GOLDEN / "encoder/encoder.safetensors",
                "--into",
                "bare",
            ),
        ),
        (
            2,
            "neither speech nor pairs",
            ("train", "encoder", *model, "--data", "bare", "--out", "o"),
        ),
        (
            2,
            "no recipe",
            ("train", "encoder", *model, "--data", ".", "--out", "o", "--recipe", "v9"),
        ),
    ]
    for code, told, arguments in cases:
        run = podgen(*arguments)
        assert (run.code, len(run.err.splitlines())) == (code, 1), run.err
        assert told in run.err
    assert not list(folder.glob("voices/*"))
