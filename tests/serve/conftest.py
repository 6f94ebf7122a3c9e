from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("fastapi", reason="the server is not installed: pip install podgen[serve]")
pytest.importorskip("prometheus_client", reason="the server is not installed")
pytest.importorskip("uvicorn", reason="the server is not installed")

from podgen.engines import create
from tests.support.running import Running, running


@pytest.fixture(scope="session")
def hibari() -> Iterator[Running]:
    """The draft engine, served."""
    pytest.importorskip("hibari")
    with running(create("hibari")) as server:
        yield server
