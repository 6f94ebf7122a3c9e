"""Whose voice it is: resemblyzer's speaker encoder in numpy, its weights read without torch.

The network (Wan et al. 2018, "Generalized end-to-end loss for speaker verification"): 40 mel bands
of 25 ms every 10 ms at 16 kHz, three LSTM layers of 256, a linear layer, ReLU, unit length. A
window is 1.6 s.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from podgen.errors import MachineError
from podgen.proof import weights

Floats = npt.NDArray[np.float32]
WIDTH = 256
WINDOW_SECONDS = 1.6
HOP_SECONDS = 0.6
_RATE, _STEP, _SIZE, _BANDS = 16_000, 160, 400, 40
_FRAMES = 160
_ALONE = threading.Lock()
_LEVEL = 10 ** (-30 / 20)
_QUIET_DB = 35.0
_LONGEST_PAUSE = 20
"""Frames of quiet that are left between words: the encoder was trained on speech without gaps."""


@dataclass(frozen=True, slots=True)
class Windows:
    """A voice over time: `embeddings` of unit length, shape [windows, 256], and the `[start, end)`
    of each in seconds, shape [windows, 2]."""

    embeddings: Floats
    spans: npt.NDArray[np.float64]


class VoiceEncoder:
    """The encoder, loaded.

    Raises:
        MachineError: the file is not resemblyzer's.
    """

    def __init__(self, file: Path) -> None:
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != weights.VOICE_SHA256:
            raise MachineError(f"{file} does not hold resemblyzer's weights", weights.VOICE_INSTALL)
        state = read_checkpoint(data)
        self._layers = [
            (
                np.ascontiguousarray(state[f"lstm.weight_ih_l{n}"].T),
                np.ascontiguousarray(state[f"lstm.weight_hh_l{n}"].T),
                state[f"lstm.bias_ih_l{n}"] + state[f"lstm.bias_hh_l{n}"],
            )
            for n in range(3)
        ]
        self._linear = state["linear.weight"].T, state["linear.bias"]
        self._filters = _mel_filters()

    def windows(self, samples: Floats) -> Windows:
        """The voice in mono samples at 16 kHz, pauses passed over; none if there is no speech."""
        mels, times = self._speech(samples)
        if len(mels) < _FRAMES // 4:
            return Windows(np.zeros((0, WIDTH), np.float32), np.zeros((0, 2)))
        if len(mels) < _FRAMES:
            repeats = -(-_FRAMES // len(mels))
            mels, times = np.tile(mels, (repeats, 1))[:_FRAMES], np.tile(times, repeats)[:_FRAMES]
        hop = round(HOP_SECONDS * 100)
        starts = [*range(0, len(mels) - _FRAMES, hop), len(mels) - _FRAMES]
        batch = np.stack([mels[start : start + _FRAMES] for start in starts])
        spans = [
            (
                float(times[start : start + _FRAMES].min()),
                float(times[start : start + _FRAMES].max()),
            )
            for start in starts
        ]
        return Windows(self._embed(batch), np.array(spans) + np.array((0.0, 0.01)))

    def _speech(self, samples: Floats) -> tuple[Floats, npt.NDArray[np.float64]]:
        """Mel power of the frames that are no pause, shape [frames, 40], and when they are."""
        level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0
        if not level:
            return np.zeros((0, _BANDS), np.float32), np.zeros(0)
        padded = np.pad(samples * np.float32(max(1.0, _LEVEL / level)), _SIZE // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_STEP]
        turn = np.arange(_SIZE) / _SIZE
        window = (0.5 - 0.5 * np.cos(2 * np.pi * turn)).astype(np.float32)
        power = np.abs(np.fft.rfft(frames * window, axis=1)).astype(np.float32) ** 2
        mels = power @ self._filters
        loud = 10 * np.log10(power.sum(axis=1) + 1e-10)
        quiet = loud < np.percentile(loud, 95) - _QUIET_DB
        kept, run = [], 0
        for at, still in enumerate(quiet):
            run = run + 1 if still else 0
            if run <= _LONGEST_PAUSE:
                kept.append(at)
        return mels[kept], np.array(kept) / 100

    def _embed(self, batch: Floats) -> Floats:
        """Embeddings of mel windows, shapes [n, 160, 40] to [n, 256]."""
        from threadpoolctl import threadpool_limits

        # Products this small cost many times as much when threads wait for each other. The limit is
        # the process's, so one at a time sets it.
        with _ALONE, threadpool_limits(1, "blas"):
            return self._forward(batch)

    def _forward(self, batch: Floats) -> Floats:
        sequence = batch
        for inward, onward, bias in self._layers:
            given = sequence @ inward + bias
            hidden = np.zeros((len(batch), WIDTH), np.float32)
            cell = np.zeros_like(hidden)
            out = np.empty((*sequence.shape[:2], WIDTH), np.float32)
            for at in range(sequence.shape[1]):
                gates = (
                    given[:, at] + hidden @ onward
                )  # in PyTorch's order: input, forget, cell, output
                opened = 0.5 + 0.5 * np.tanh(0.5 * gates)
                fresh = np.tanh(gates[:, 2 * WIDTH : 3 * WIDTH])
                cell = opened[:, WIDTH : 2 * WIDTH] * cell + opened[:, :WIDTH] * fresh
                hidden = opened[:, 3 * WIDTH :] * np.tanh(cell)
                out[:, at] = hidden
            sequence = out
        matrix, bias = self._linear
        raw = np.maximum(hidden @ matrix + bias, 0)
        unit: Floats = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-6)
        return unit


def centre(embeddings: Sequence[Floats]) -> Floats:
    """The direction in which voices' windows lie together, shape [256]."""
    mean = np.concatenate(embeddings).mean(axis=0)
    unit: Floats = mean / max(float(np.linalg.norm(mean)), 1e-6)
    return unit


def _mel_filters() -> Floats:
    """Slaney's triangles of equal area, shape [201, 40], as librosa makes them by default."""

    def to_mel(hertz: Any) -> Any:
        log = 15 + 27 * np.log(np.maximum(hertz, 1000) / 1000) / np.log(6.4)
        return np.where(hertz < 1000, 3 * hertz / 200, log)

    def to_hertz(mel: Any) -> Any:
        return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp(np.log(6.4) / 27 * (mel - 15)))

    bins = np.fft.rfftfreq(_SIZE, 1 / _RATE)
    edges = to_hertz(np.linspace(0.0, to_mel(_RATE / 2), _BANDS + 2))
    rising = (bins[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins[:, None]) / np.diff(edges)[1:]
    filters = np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])
    out: Floats = filters.astype(np.float32)
    return out


def read_checkpoint(data: bytes) -> dict[str, Floats]:
    """The tensors under `model_state` of a file that torch before 1.6 saved.

    Its pickles are read by a reader that knows tensors and dictionaries and makes nothing else.

    Raises:
        MachineError: it is no such file.
    """
    file = io.BytesIO(data)
    storages: dict[str, tuple[Any, int]] = {}

    class Reader(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            known = {
                ("collections", "OrderedDict"): OrderedDict,
                ("torch._utils", "_rebuild_tensor_v2"): _tensor,
                ("torch", "FloatStorage"): "<f4",
                ("torch", "LongStorage"): "<i8",
            }
            if (module, name) not in known:
                raise pickle.UnpicklingError(f"{module}.{name}")
            return known[module, name]

        def persistent_load(self, pid: Any) -> Any:
            _, kind, key, _, size, *_ = pid
            return storages.setdefault(key, (kind, size)) and key

    try:
        for _ in range(3):  # a mark, a version, facts of the machine
            Reader(file).load()
        state = Reader(file).load()["model_state"]
        contents = {}
        for key in Reader(file).load():
            kind, size = storages[key]
            file.read(8)  # the size again
            width = np.dtype(kind).itemsize
            contents[key] = np.frombuffer(file.read(size * width), kind)
        return {
            name: contents[key][offset : offset + int(np.prod(shape))].reshape(shape)
            for name, (key, offset, shape) in state.items()
        }
    except (pickle.UnpicklingError, KeyError, ValueError, TypeError, EOFError) as error:
        raise MachineError(
            f"no weights of a speaker encoder: {error}", weights.VOICE_INSTALL
        ) from error


def _tensor(storage: Any, offset: int, shape: Any, *_: Any) -> tuple[Any, int, tuple[int, ...]]:
    return storage, offset, tuple(shape)
