"""Trains podgen/proof/data/letters.npz, the network that hears letters without knowing words.

    apt-get install fortunes fortunes-de fortunes-es espeak-ng
    python scripts/train_letters.py --folder /tmp/letters

Sentences of Debian's fortunes are spoken by hibari and Kokoro (English) and espeak-ng (German and
Spanish), none of them by a voice or from a text of benchmarks/proof's held-out set; the states of
Whisper base's encoder are kept in --folder; a convolution to 128 channels and one to 27 are trained
on them with the CTC loss. Needs torch and the extras `embedded` and `proof`. The packaged network
was made by this script's forerunner, with other shares of the voices.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor, nn

from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.proof import weights
from podgen.proof.ctc import LETTERS, WIDTH
from podgen.proof.hearing import RATE, Hearing
from podgen.proof.spelling import letters
from podgen.text.spoken import spoken

OUTPUT = Path(__file__).parent.parent / "podgen" / "proof" / "data" / "letters.npz"
FORTUNES = Path("/usr/share/games/fortunes")
SIGNS = {"en": "A-Za-z'", "de": "A-Za-zÄÖÜäöüß", "es": "A-Za-zÁÉÍÓÚÜÑáéíóúüñ¿¡"}
FOLDERS = {"en": ".", "de": "de", "es": "es"}
SPEAKERS = {
    "en": [
        *["hibari:heart"] * 5,
        *("kokoro:af_alloy", "hibari:heart", "kokoro:am_adam", "hibari:heart", "kokoro:bm_george"),
        *("kokoro:af_jessica", "hibari:heart", "kokoro:am_fenrir", "kokoro:bf_emma"),
        *("kokoro:af_sky", "hibari:heart", "kokoro:am_santa", "kokoro:af_nicole"),
    ],
    "de": ["espeak:de", "espeak:de+f2", "espeak:de+m1", "espeak:de+m7", "espeak:de+f5"],
    "es": ["espeak:es", "espeak:es+f2", "espeak:es-419+m1", "espeak:es+m7", "espeak:es-419+f5"],
}
"""Who speaks the sentences of a language, in turn."""
SENTENCES = {"en": 460, "de": 140, "es": 140}
EPOCHS, BATCH, CHANNELS = 12, 16, 128
Row = tuple[str, Tensor]
"""A text in letters, and the encoder's states of it, shape [frames, 512]."""


def sentences(language: str, rng: random.Random) -> list[str]:
    """Sentences of letters and usual marks, 30 to 120 signs long, in a random order."""
    fit = re.compile(rf"[{SIGNS[language]} ,.;:!?\-]+[.!?]")
    found = set()
    for file in sorted((FORTUNES / FOLDERS[language]).glob("*.u8")):
        for piece in file.read_text(encoding="utf-8", errors="ignore").split("\n%\n"):
            plain = " ".join(re.sub(r"\n\s*--.*", "", piece, flags=re.DOTALL).split())
            for each in re.split(r"(?<=[.!?]) (?=[A-ZÄÖÜ¿¡])", plain):
                shouted = re.search(r"\b[A-Z]{2,}\b|--|\.\.|[A-Za-z]\.[A-Za-z]", each)
                if 30 <= len(each) <= 120 and fit.fullmatch(each) and not shouted:
                    found.add(each)
    ordered = sorted(found)
    rng.shuffle(ordered)
    return ordered


def takes(folder: Path, rng: random.Random) -> Iterator[tuple[str, str, Path]]:
    """Language, text and file of each take, spoken where it is not there."""
    engines = {name: create(name) for name in ("hibari", "kokoro")}
    for language, count in SENTENCES.items():
        speakers = itertools.cycle(SPEAKERS[language])
        chosen = zip(sentences(language, rng)[:count], speakers, strict=False)
        for number, (text, speaker) in enumerate(chosen):
            path = folder / f"{language}-{number:03}.wav"
            engine, _, voice = speaker.partition(":")
            said = spoken(text, language=language, ipa=engine != "espeak").text
            if path.exists():
                pass
            elif engine == "espeak":
                subprocess.run(["espeak-ng", "-v", voice, "-w", path, said], check=True)
            else:
                (speech,) = engines[engine].synthesize([Utterance("one", said, voice, language)])
                soundfile.write(path, speech.samples, speech.sample_rate)
            yield language, text, path


def rows(folder: Path) -> list[Row]:
    """Every take as letters and states, a little faster or slower, some with noise or a pause."""
    rng, noise = random.Random(5), np.random.default_rng(5)
    hearing = Hearing(weights.whisper())
    found = []
    for language, text, path in takes(folder, rng):
        samples, rate = soundfile.read(path, dtype="float32")
        if language == "en":
            rate *= rng.uniform(0.85, 1.18)
        samples = soxr.resample(samples, rate, RATE)
        samples *= rng.uniform(0.2, 0.9) / max(1e-4, float(np.abs(samples).max()))
        if rng.random() < 0.3:
            level = float(np.sqrt(np.mean(samples**2))) * 10 ** (-rng.uniform(18, 40) / 20)
            samples = samples + noise.normal(0, level, len(samples))
        if rng.random() < 0.2:
            at, pause = rng.randrange(len(samples)), rng.randrange(RATE // 8, RATE)
            samples = np.concatenate((samples[:at], np.zeros(pause), samples[at:]))
        states = hearing.states(samples.astype(np.float32))
        words = spoken(text, language=language).text.split()
        said = "".join(char for word in words for char in letters(word) if char in LETTERS)
        found.append((said, torch.from_numpy(states)))
    return found


def trained(data: list[Row]) -> nn.Sequential:
    """The network after all epochs."""
    net = nn.Sequential(
        nn.Dropout(0.1),
        nn.Conv1d(WIDTH, CHANNELS, 5, padding=2),
        nn.ReLU(),
        nn.Dropout(0.15),
        nn.Conv1d(CHANNELS, 1 + len(LETTERS), 3, padding=1),
    )
    ordered = sorted(data, key=lambda row: len(row[1]))
    batches = [ordered[at : at + BATCH] for at in range(0, len(ordered), BATCH)]
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 3e-3, total_steps=EPOCHS * len(batches) + 1, pct_start=0.1
    )
    loss_of = nn.CTCLoss(zero_infinity=True)
    for epoch in range(EPOCHS):
        total = 0.0
        for batch in random.Random(epoch).sample(batches, len(batches)):
            states = nn.utils.rnn.pad_sequence([row for _, row in batch], batch_first=True)
            scores = net(states.transpose(1, 2)).log_softmax(1).permute(2, 0, 1)
            said = torch.tensor([LETTERS.index(char) + 1 for text, _ in batch for char in text])
            lengths = torch.tensor([len(row) for _, row in batch])
            loss = loss_of(scores, said, lengths, torch.tensor([len(text) for text, _ in batch]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / len(batches):.3f}", flush=True)
    return net


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="Where takes are kept.")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    made = trained(rows(given.folder)).eval()
    names = {"1.weight": "w1", "1.bias": "b1", "4.weight": "w2", "4.bias": "b2"}
    held = {name: made.state_dict()[key].numpy().astype("f2") for key, name in names.items()}
    np.savez_compressed(OUTPUT, **held)
