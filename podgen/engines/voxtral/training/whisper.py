"""Whisper in PyTorch (Radford et al. 2022): what was said in a sound, as vectors with their places.

Weights are read as CTranslate2 keeps them, which is how `podgen[proof]` brings Whisper base along;
CTranslate2 itself gives neither hidden states nor attention. Frozen, on any device.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from podgen.engines.voxtral.cloning.losses import mel_bank
from podgen.errors import EngineError

RATE = 16000
FRAME_RATE = 50
"""Frames a second that the decoder attends to."""
SECONDS = 28.0
"""Most that is heard at once; its positions end at 30 s."""
_START, _END = 50258, 50257  # of a transcript, in the vocabulary of all multilingual models
_TRANSCRIBE, _NO_TIMES = 50359, 50363
_TAIL = 1.0  # seconds of silence behind the sound, without which the last word is guessed at
_MOST_TOKENS = 224  # half of the decoder's positions
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


@dataclass(frozen=True, slots=True)
class Heard:
    """The tokens of a transcript.

    Attributes:
        states: the decoder's last hidden states [tokens, width], from which each was told.
        last: the attention to the sound with which each was told [tokens, frames], 50 frames a
            second: the mean of the last layer's heads.
        aligned: the same, of the heads that follow the sound in time.
    """

    states: Tensor
    last: Tensor
    aligned: Tensor


class Whisper:
    """A model of a folder.

    Raises:
        EngineError: the folder holds no such model.
    """

    def __init__(self, folder: Path, device: torch.device | None = None) -> None:
        self._device = device or torch.device("cpu")
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self._selected: list[tuple[int, int]] = [(a, b) for a, b in config["alignment_heads"]]
            self._languages: list[int] = config["lang_ids"]
            self._never: list[int] = config["suppress_ids"]
            self._not_first: list[int] = config["suppress_ids_begin"]
            with (folder / "model.bin").open("rb") as file:
                stored = _tensors(file)
            self._w = {name: tensor.to(self._device) for name, tensor in stored.items()}
            self._heads = int(stored["decoder/num_heads"])
            self.width = self._w["decoder/embeddings/weight"].shape[1]
        except (OSError, KeyError, ValueError, struct.error) as error:
            raise EngineError(
                f"{folder} holds no Whisper model that can be read ({error})",
                "name one for CTranslate2 in float16, as podgen[proof] brings it",
            ) from None
        self._layers = {
            side: sum(
                name.startswith(f"{side}/layer_") and name.endswith("/ffn/layer_norm/beta")
                for name in self._w
            )
            for side in ("encoder", "decoder")
        }

    @torch.inference_mode()
    def hear(self, wave: Tensor) -> Heard:
        """What is said in mono samples at 16 kHz, at most `SECONDS` of them."""
        frames = -(-len(wave) * FRAME_RATE // RATE)
        heard = self._encoded(wave.to(self._device, torch.float32))
        keys = [self._keys(layer, heard) for layer in range(self._layers["decoder"])]
        state = _Decoding(self, keys)
        logits = state.told([_START])
        language = self._languages[int(logits[self._languages].argmax())]
        logits = state.told([language, _TRANSCRIBE, _NO_TIMES])
        logits[self._not_first] = -math.inf
        count = 0
        most = min(_MOST_TOKENS, 16 + round(8 * len(wave) / RATE))
        for count in range(most + 1):
            logits[self._never] = -math.inf
            token = int(logits.argmax())
            if token == _END or count == most:
                break
            logits = state.told([token])
        states = torch.cat(state.states)[3 : 3 + count]
        attended = torch.cat(state.attended, dim=2)[:, :, 3 : 3 + count, :frames]
        selected = torch.stack([attended[layer, head] for layer, head in self._selected])
        return Heard(states.cpu(), attended[-1].mean(0).cpu(), selected.mean(0).cpu())

    def _encoded(self, wave: Tensor) -> Tensor:
        """[frames, width]."""
        samples = F.pad(wave, (0, round(_TAIL * RATE)))
        samples = F.pad(samples, (0, -len(samples) % 320))
        window = torch.hann_window(400, device=wave.device)
        spectrum = torch.stft(samples, 400, 160, window=window, return_complex=True)[:, :-1]
        power = spectrum.real.square() + spectrum.imag.square()
        bank = mel_bank(RATE, 400, 80, slaney=True).to(wave.device)
        logs = (bank @ power).clamp_min(1e-10).log10()
        x = (torch.maximum(logs, logs.max() - 8) + 4) / 4
        for name, stride in (("conv1", 1), ("conv2", 2)):
            weight, bias = (self._w[f"encoder/{name}/{part}"] for part in ("weight", "bias"))
            x = F.gelu(F.conv1d(x, weight, bias, stride, padding=1))
        x = x.T + self._w["encoder/position_encodings/encodings"][: x.shape[1]]
        for layer in range(self._layers["encoder"]):
            name = f"encoder/layer_{layer}/self_attention"
            q, k, v = self.linear(f"{name}/linear_0", self.norm(name, x)).chunk(3, dim=-1)
            x = x + self.linear(f"{name}/linear_1", self.attend(q, k, v)[0])
            x = self.fed(f"encoder/layer_{layer}/ffn", x)
        return self.norm("encoder", x)

    def _keys(self, layer: int, heard: Tensor) -> tuple[Tensor, Tensor]:
        k, v = self.linear(f"decoder/layer_{layer}/attention/linear_1", heard).chunk(2, dim=-1)
        return k, v

    def embedded(self, tokens: list[int], first: int) -> Tensor:
        """Tokens [n, width] at positions from `first` on."""
        places = self._w["decoder/position_encodings/encodings"][first : first + len(tokens)]
        return self._w["decoder/embeddings/weight"][tokens] + places

    def logits(self, state: Tensor) -> Tensor:
        """Of each token of the vocabulary, for a hidden state [width]."""
        return self._w["decoder/embeddings/weight"] @ state

    def linear(self, name: str, x: Tensor) -> Tensor:
        """x through a matrix and its bias."""
        return F.linear(x, self._w[f"{name}/weight"], self._w[f"{name}/bias"])

    def norm(self, name: str, x: Tensor) -> Tensor:
        """x after the layer norm at a block's beginning, or at the end of all."""
        gamma, beta = (self._w[f"{name}/layer_norm/{part}"] for part in ("gamma", "beta"))
        return F.layer_norm(x, (self.width,), gamma, beta)

    def fed(self, name: str, x: Tensor) -> Tensor:
        """x after a layer's second half."""
        inner = F.gelu(self.linear(f"{name}/linear_0", self.norm(name, x)))
        return x + self.linear(f"{name}/linear_1", inner)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Attention [n, width] of queries [n, width] to all keys, and its weights [heads, n, m]."""
        q, k, v = (x.reshape(len(x), self._heads, -1).transpose(0, 1) for x in (q, k, v))
        weights = (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1)
        return (weights @ v).transpose(0, 1).flatten(1), weights

    @property
    def layers(self) -> int:
        """Of the decoder."""
        return self._layers["decoder"]


class _Decoding:
    """A transcript on its way.

    Attributes:
        states: hidden states of the last token of each call, and of all tokens of the first two.
        attended: weights [layers, heads, n, frames] likewise.
    """

    def __init__(self, model: Whisper, keys: list[tuple[Tensor, Tensor]]) -> None:
        self._model, self._heard = model, keys
        self._past: list[tuple[Tensor, Tensor]] = []
        self._count = 0
        self.states: list[Tensor] = []
        self.attended: list[Tensor] = []

    def told(self, tokens: list[int]) -> Tensor:
        """The next token's logits, after these."""
        model = self._model
        parts = [self._one([token]) for token in tokens]
        return model.logits(parts[-1][0])

    def _one(self, tokens: list[int]) -> Tensor:
        model = self._model
        x = model.embedded(tokens, self._count)
        weights = []
        for layer in range(model.layers):
            name = f"decoder/layer_{layer}"
            own = f"{name}/self_attention"
            q, k, v = model.linear(f"{own}/linear_0", model.norm(own, x)).chunk(3, dim=-1)
            if self._count:
                k = torch.cat([self._past[layer][0], k])
                v = torch.cat([self._past[layer][1], v])
                self._past[layer] = k, v
            else:
                self._past.append((k, v))
            x = x + model.linear(f"{own}/linear_1", model.attend(q, k, v)[0])
            other = f"{name}/attention"
            q = model.linear(f"{other}/linear_0", model.norm(other, x))
            out, weight = model.attend(q, *self._heard[layer])
            x = x + model.linear(f"{other}/linear_2", out)
            x = model.fed(f"{name}/ffn", x)
            weights.append(weight)
        self._count += 1
        x = model.norm("decoder", x)
        self.states.append(x)
        self.attended.append(torch.stack(weights))
        return x


def _tensors(file: BinaryIO) -> dict[str, Tensor]:
    """All tensors of a CTranslate2 file, version 6 of its format, in float32."""

    def number(kind: str) -> int:
        size = struct.calcsize(f"<{kind}")
        [value] = struct.unpack(f"<{kind}", file.read(size))
        return int(value)

    def text() -> str:
        return file.read(number("H")).rstrip(b"\0").decode()

    if number("I") != 6 or text() != "WhisperSpec":
        raise ValueError("not a WhisperSpec of version 6")
    number("I")
    found = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind = _TYPES[number("B")]
        data = np.frombuffer(file.read(number("I")), kind)
        if len(shape) > 1 and kind not in (np.float16, np.float32):
            raise ValueError("its weights are quantised")
        found[name] = torch.from_numpy(data.astype(np.float32)).reshape(shape)
    return found
