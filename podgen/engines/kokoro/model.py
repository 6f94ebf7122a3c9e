"""The ONNX model: phoneme ids and a style row in, samples out."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podgen.engines.base import Samples

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

RATE = 24_000
_VOCABULARY = Path(__file__).parent.parent / "data" / "kokoro_vocab.json"


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, int]:
    """Phoneme character -> id, as in the model's config.json."""
    table: dict[str, int] = json.loads(_VOCABULARY.read_text(encoding="utf-8"))
    return table


class Model:
    """A loaded model. One thread works on each call, so the samples do not depend on the cores."""

    def __init__(self, weights: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._session: Any = onnxruntime.InferenceSession(
            weights, options, providers=["CPUExecutionProvider"]
        )

    def job(self) -> Job:
        """A group of calls that can be stopped together."""
        return Job(self._session)


class Job:
    """Calls of a model; `run` may be called from several threads at once."""

    def __init__(self, session: Any) -> None:
        import onnxruntime

        self._session = session
        self._options: Any = onnxruntime.RunOptions()
        self._options.log_severity_level = 4

    def run(self, phonemes: str, style: npt.NDArray[np.float32], speed: float) -> Samples:
        """Mono samples at 24 kHz of at most 510 phonemes; `style` is float32 [256]."""
        import numpy as np

        table = vocabulary()
        ids = np.array([[0, *(table[c] for c in phonemes), 0]], np.int64)
        audio = self._session.run(
            None,
            {"tokens": ids, "style": style[None, :], "speed": np.array([speed], np.float32)},
            self._options,
        )[0]
        return np.asarray(audio, np.float32).reshape(-1)

    def stop(self) -> None:
        """Make the calls that are running fail within milliseconds, and all later ones."""
        self._options.terminate = True
