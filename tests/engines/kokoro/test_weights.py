"""Where Kokoro's weights are looked for, and what is said when they are not right."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from podgen.engines.base import Utterance
from podgen.engines.kokoro import KokoroEngine, weights
from podgen.errors import EngineError, MachineError


@pytest.fixture(scope="module")
def model() -> bytes:
    return weights.find({}).read()


@pytest.fixture(autouse=True)
def no_user_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(weights.VARIABLE, raising=False)
    monkeypatch.setattr(weights, "cached_path", lambda: tmp_path / "cache" / "kokoro.onnx")


def without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGES", ("no_such_package_1", "no_such_package_2"))


def test_a_given_path_comes_before_the_variable_and_it_before_the_packages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.onnx", tmp_path / "two.onnx"
    one.touch()
    two.touch()
    assert len(weights.find({}).files) == 4
    monkeypatch.setenv(weights.VARIABLE, str(two))
    assert weights.find({}).files == (two,)
    assert weights.find({"model": one}).files == (one,)


def test_a_named_file_that_is_missing_is_not_passed_over(tmp_path: Path) -> None:
    engine = KokoroEngine({"model": str(tmp_path / "gone.onnx")})
    available = engine.availability()
    assert not available.usable
    assert "gone.onnx" in available.reason
    with pytest.raises(EngineError, match=r"gone\.onnx"):
        list(engine.synthesize([Utterance("t", "Hi.", "af_heart")]))


def test_a_corrupt_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"not the model")
    engine = KokoroEngine({"model": str(path)})
    with pytest.raises(EngineError, match=f"bad.onnx.*{weights.SHA256[:12]}"):
        list(engine.synthesize([Utterance("t", "Hi.", "af_heart")]))


def test_missing_packages_are_explained_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    without_packages(monkeypatch)
    available = KokoroEngine().availability()
    assert not available.usable
    assert "pip install 'podgen[embedded]'" in available.reason


class _Handler(http.server.BaseHTTPRequestHandler):
    body = b""
    break_after: int | None = None

    def do_GET(self) -> None:
        start = 0
        if "Range" in self.headers:
            start = int(self.headers["Range"].split("=")[1].rstrip("-"))
        rest = self.body[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.break_after])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[_Handler]]]:
    handler = type("Handler", (_Handler,), {})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http_server.server_port}/kokoro.onnx", handler
        http_server.shutdown()


def test_a_broken_download_goes_on_where_it_stopped_and_is_then_found(
    server: tuple[str, type[_Handler]], monkeypatch: pytest.MonkeyPatch, model: bytes
) -> None:
    url, handler = server
    handler.body, handler.break_after = model, 50_000_000
    path = weights.cached_path()
    with pytest.raises(MachineError, match="try again"):
        weights.download(url=url)
    assert not path.exists()
    assert path.with_name("kokoro.onnx.part").stat().st_size == 50_000_000
    handler.break_after = None
    assert weights.download(url=url) == path
    assert list(path.parent.iterdir()) == [path]
    without_packages(monkeypatch)
    assert weights.find({}).read() == model


def test_a_download_of_something_else_is_thrown_away(
    server: tuple[str, type[_Handler]], tmp_path: Path
) -> None:
    url, handler = server
    handler.body = b"<html>not found</html>" * 5_000_000
    with pytest.raises(EngineError, match="does not hold"):
        weights.download(tmp_path / "model.onnx", url)
    assert list(tmp_path.iterdir()) == []


def test_no_network_is_a_machine_error(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot download"):
        weights.download(tmp_path / "model.onnx", "http://127.0.0.1:9/kokoro.onnx")
