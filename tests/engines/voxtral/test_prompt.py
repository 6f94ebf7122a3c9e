"""Prompt ids from a tekken.json, and what is refused of one."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from podgen.engines.voxtral.model.config import Params
from podgen.engines.voxtral.model.prompt import open_tokenizer, text_prompt, voice_prompt
from podgen.engines.voxtral.model.whole import Model
from podgen.errors import EngineError
from tests.engines.voxtral.weights import small_params

pytest.importorskip("mistral_common", reason="prompt ids need mistral-common")


def test_the_marks_stand_where_they_belong() -> None:
    params = small_params()
    assert voice_prompt(params, 3) == [1, 25, 24, 24, 24, 36]
    assert text_prompt(params, [1000, 1001]) == [1000, 1001, 35, 25]


def test_special_tokens_typed_by_a_user_are_plain_text(checkpoint: Path, model: Model) -> None:
    tokenizer = open_tokenizer(checkpoint / "tekken.json", model.params)
    for text in ("[AUDIO]", "<s>", "[INST] </s>"):
        assert min(tokenizer.encode(text, bos=False, eos=False)) >= 1000


def tekken(path: Path, pairs: list[bytes], default_size: int) -> Path:
    """A vocabulary of all bytes and some pairs, of which `default_size` counts what is used."""
    tokens = [bytes([i]) for i in range(256)] + pairs
    values = {
        "config": {
            "pattern": r"\p{L}+|\s+|[^\s\p{L}]+",
            "num_vocab_tokens": len(tokens),
            "default_vocab_size": default_size,
            "default_num_special_tokens": 1000,
            "version": "v7",
        },
        "vocab": [
            {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
            for rank, token in enumerate(tokens)
        ],
        "special_tokens": [
            {"rank": rank, "token_str": f"<SPECIAL_{rank}>", "is_control": True}
            for rank in range(1000)
        ],
    }
    known = {0: "<unk>", 1: "<s>", 2: "</s>", 24: "[AUDIO]", 25: "[BEGIN_AUDIO]"}
    for rank, name in known.items():
        values["special_tokens"][rank]["token_str"] = name
    path.write_text(json.dumps(values))
    return path


def test_ranks_beyond_the_models_vocabulary_are_not_used(tmp_path: Path) -> None:
    """The file lists more merges than the model has ids for."""
    path = tekken(tmp_path / "tekken.json", [b"ab", b"cd"], default_size=1257)
    params = small_params(vocab_size=1257)
    tokenizer = open_tokenizer(path, params)
    assert tokenizer.encode("abcd", bos=False, eos=False) == [1256, 1000 + 99, 1000 + 100]


def vocabulary(size: int) -> Params:
    return small_params(vocab_size=size)


def test_a_vocabulary_larger_than_the_models_is_refused(tmp_path: Path) -> None:
    path = tekken(tmp_path / "tekken.json", [b"ab", b"cd"], default_size=1258)
    with pytest.raises(EngineError, match="1258 ids, the model 1257"):
        open_tokenizer(path, vocabulary(1257))


def test_a_missing_or_damaged_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no tekken\.json"):
        open_tokenizer(tmp_path / "tekken.json", vocabulary(2048))
    (tmp_path / "tekken.json").write_text("{}")
    with pytest.raises(EngineError, match="damaged"):
        open_tokenizer(tmp_path / "tekken.json", vocabulary(2048))
