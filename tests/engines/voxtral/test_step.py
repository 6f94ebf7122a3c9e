"""One frame of a batch at the published sizes, on tensors without data.

Whatever waits for the device (a value read back, an index that depends on values) cannot be
captured in a CUDA graph, and fails here.
"""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from podgen.engines.voxtral.batch.slots import Slots, turn_noise
from podgen.engines.voxtral.bench.made_up import PUBLISHED, VOICE, VOICE_ROWS, made_up_turn
from podgen.engines.voxtral.model.config import parse_params
from podgen.engines.voxtral.model.whole import Make, Model
from tests.engines.voxtral.weights import NoData


class Products(TorchDispatchMode):
    """Counts the products with weights."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.count += func.overloadpacket.__name__ in ("mm", "addmm")
        return func(*args, **(kwargs or {}))


@pytest.fixture(scope="module")
def source() -> NoData:
    return NoData()


@pytest.fixture(scope="module")
def model(source: NoData) -> Model:
    return Model(source, parse_params(PUBLISHED), Make(device="meta", dtype=torch.bfloat16))


def test_the_published_file_has_386_tensors_of_eight_gigabytes(
    source: NoData, model: Model
) -> None:
    assert len(source.shapes) == 386
    size = sum(torch.Size(shape).numel() for shape in source.shapes.values())
    assert 2 * size == pytest.approx(8.0e9, rel=0.01)
    shapes = source.shapes
    prefix = "acoustic_transformer."
    assert shapes["mm_audio_embeddings.audio_codebook_embeddings.embeddings.weight"] == (9088, 3072)
    assert shapes[f"{prefix}semantic_codebook_output.weight"] == (8320, 3072)
    assert shapes[f"{prefix}layers.2.attention.wo.weight"] == (3072, 4096)
    convs = {
        name.split("audio_tokenizer.")[1].split(".conv")[0]: shape
        for name, shape in shapes.items()
        if name.endswith("original1")
    }
    assert convs == {
        "decoder_blocks.0": (1024, 292, 3),
        "decoder_blocks.2": (1024, 1024, 4),
        "decoder_blocks.4": (1024, 1024, 4),
        "decoder_blocks.6": (1024, 1024, 4),
        "output_proj": (240, 1024, 7),
    }


@pytest.mark.parametrize("rows", [1, 64])
def test_a_frame_never_waits_for_the_device(model: Model, rows: int) -> None:
    slots = Slots(model, rows, 1024)
    with Products() as products:
        slots.step(0, rows, 1024)
    # Four products a layer; of the acoustic transformer also input, output, and once a frame
    # head, condition and its first projections.
    assert products.count == 26 * 4 + 7 * (3 * 4 + 2) + 3


def test_a_turns_whole_life_keeps_to_the_device(model: Model) -> None:
    """Host and device mixed up is an error here as it is on a GPU."""
    model.add_voice(VOICE, torch.zeros(VOICE_ROWS, model.params.backbone.dim))
    slots = Slots(model, 4, 512)
    turns = [made_up_turn(i, model.params, 200, 240, i) for i in range(3)]
    slots.place([(i, turn, turn_noise(i, turn.limit, 36)) for i, turn in enumerate(turns)])
    slots.rehearse(0, 4, 512)
    slots.step(0, 4, 512)
    slots.move(2, 0, 300)
    slots.idle(1)
    codes = slots.codes(0, 40)
    assert codes.device.type == "meta"
    assert model.codec.decode(codes, context=21).shape == (19 * 1920,)
