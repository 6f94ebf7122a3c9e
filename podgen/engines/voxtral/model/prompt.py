"""The prompt of a turn: marks, a place for each voice row, and the text's Tekken ids."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from podgen.engines.voxtral.model.config import NEXT_AUDIO_TEXT, REPEAT_AUDIO_TEXT, Params
from podgen.errors import EngineError, MachineError


class Tokenizer(Protocol):
    """Text to ids."""

    def encode(self, s: str, bos: bool, eos: bool) -> list[int]:
        """The ids of a text."""
        ...


def voice_prompt(params: Params, rows: int) -> list[int]:
    """Ids before the text. Those equal to `params.audio_id` stand for the voice's rows."""
    return [
        params.bos_id,
        params.begin_audio_id,
        *([params.audio_id] * rows),
        NEXT_AUDIO_TEXT,
    ]


def text_prompt(params: Params, text_ids: list[int]) -> list[int]:
    """Ids from the text on; frames follow the last."""
    return [*text_ids, REPEAT_AUDIO_TEXT, params.begin_audio_id]


def open_tokenizer(path: Path, params: Params) -> Tokenizer:
    """mistral-common's tokeniser on a tekken.json.

    Raises:
        MachineError: where mistral-common is not installed.
        EngineError: where the file is missing, damaged, or of another vocabulary.
    """
    try:
        from mistral_common.tokens.tokenizers.tekken import Tekkenizer
    except ImportError:
        raise MachineError(
            "the voxtral engine needs mistral-common", "pip install 'podgen[voxtral]'"
        ) from None
    if not path.is_file():
        raise EngineError(f"{path.parent}: no {path.name}", "download it with the weights")
    try:
        tokenizer = Tekkenizer.from_file(path)
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise EngineError(f"{path} is damaged ({error})", "download it again") from None
    if tokenizer.n_words > params.vocab_size:
        raise EngineError(
            f"{path} has {tokenizer.n_words} ids, the model {params.vocab_size}",
            "tekken.json and params.json must be of the same model",
        )
    checked: Tokenizer = tokenizer
    return checked
