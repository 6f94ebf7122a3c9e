from __future__ import annotations

from collections.abc import Iterator

import pytest

from podgen.engines import create
from tests.serve.running import Running, running


@pytest.fixture(scope="session")
def hibari() -> Iterator[Running]:
    """The draft engine, served."""
    pytest.importorskip("hibari")
    with running(create("hibari")) as server:
        yield server
