"""Rows of recordings that were encoded once, kept by what they were made of."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from podgen.engines.voxtral.cloning.codec import Codec, open_codec
from podgen.engines.voxtral.cloning.presets import usual_loudness
from podgen.engines.voxtral.cloning.recording import prepare
from podgen.engines.voxtral.cloning.references import ear
from podgen.engines.voxtral.fingerprint import model_digest
from podgen.engines.voxtral.model.checkpoint import read_voice
from podgen.engines.voxtral.model.config import read_params
from podgen.engines.voxtral.settings import Settings
from podgen.errors import EngineError
from podgen.files import whole_file

VERSION = 1
"""Raised whenever a recording is made ready or encoded in another way."""


class Recordings:
    """The voices of recordings, encoded on a device where they are not kept already.

    Raises:
        EngineError: naming a file and what is wrong with it.
    """

    def __init__(self, settings: Settings, device: torch.device) -> None:
        assert settings.model is not None
        self._settings = settings
        self._folder = settings.model
        self._device = device
        self._codec: Codec | None = None
        self._loudness: float | None = None

    def name(self, path: Path) -> str:
        """What the voice of a recording is called: a digest of all that makes its rows."""
        parts = (VERSION, prepare(path).source, model_digest(self._folder), ear(self._settings))
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def rows(self, path: Path) -> Tensor:
        """The rows [N, dim] of a recording."""
        kept = kept_folder() / f"{self.name(path)}.safetensors"
        if kept.exists():
            try:
                return read_voice(kept, read_params(self._folder / "params.json").backbone.dim)
            except EngineError:
                kept.unlink(missing_ok=True)
        codec = self._opened()
        if self._loudness is None:
            self._loudness = usual_loudness(codec, self._folder)
        made = codec.rows(codec.encode(torch.from_numpy(prepare(path).at(self._loudness))))
        # Rounded now as it will be when it is read, or the same turn would sound another way then.
        rows = made.to("cpu", torch.bfloat16).contiguous()
        data = save({"rows": rows})
        with whole_file(kept) as temporary:
            temporary.write_bytes(data)
        return rows

    def _opened(self) -> Codec:
        if self._codec is None:
            self._codec = open_codec(self._folder, self._settings.encoder, self._device)
        return self._codec


def kept_folder() -> Path:
    """`recordings` in the user's cache directory."""
    from platformdirs import user_cache_path

    return user_cache_path("podgen") / "recordings"
