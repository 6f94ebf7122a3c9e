from __future__ import annotations

from collections.abc import Iterator

import pytest

from podgen.engines.g2p import G2P
from podgen.engines.hibari import HibariEngine
from podgen.engines.kokoro import KokoroEngine


@pytest.fixture(scope="session")
def hibari() -> Iterator[HibariEngine]:
    engine = HibariEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def kokoro() -> Iterator[KokoroEngine]:
    engine = KokoroEngine({"workers": 2})
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def american() -> G2P:
    return G2P()


@pytest.fixture(scope="session")
def british() -> G2P:
    return G2P(british=True)
