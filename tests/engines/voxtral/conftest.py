from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

torch = pytest.importorskip(
    "torch", reason="the voxtral engine needs torch: pip install podgen[voxtral]"
)
torch.set_num_threads(1)  # tiny products: a second thread only waits
if importlib.util.find_spec("triton") and not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"  # read when kernels are declared

from podgen.engines.voxtral.bench.goldens import Golden, read_goldens  # noqa: E402
from podgen.engines.voxtral.model.whole import Make, Model, load_model  # noqa: E402
from tests.support.places import GOLDEN  # noqa: E402


@pytest.fixture(scope="session")
def checkpoint() -> Path:
    return GOLDEN / "checkpoint"


@pytest.fixture(scope="session")
def model(checkpoint: Path) -> Model:
    return load_model(checkpoint, Make())


@pytest.fixture(scope="session")
def goldens() -> list[Golden]:
    return read_goldens(GOLDEN)
