"""A speech server as vllm-omni is, that can also be told to misbehave."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import soundfile

SCHEMA = json.loads((Path(__file__).parent / "vllm_omni_speech_0_30_0.schema.json").read_text())
VOXTRAL = "mistralai/Voxtral-4B-TTS-2603"
VOICES = ("casual_male", "neutral_female", "fr_female")

Fault = Callable[["Handler", bytes], None]
"""Answers a request wrongly; it is handed the answer that would have been right."""


def sound(text: str, seconds: float, rate: int = 24000) -> np.ndarray:
    """A tone whose pitch tells the text."""
    hertz = 150 + zlib.crc32(text.encode()) % 400
    return (0.4 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


def spoken(text: str, rate: int = 24000, seconds: float | None = None) -> np.ndarray:
    from podgen.engines.remote.length import seconds as about

    return sound(text, about(text, 1.0) if seconds is None else seconds, rate)


def wav(samples: np.ndarray, rate: int = 24000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


class Fake:
    """What the server has, does and has seen."""

    def __init__(
        self,
        model: str = VOXTRAL,
        voices: Sequence[str] = VOICES,
        rate: int = 24000,
        key: str | None = None,
    ) -> None:
        self.model = model
        self.voices = list(voices)
        self.rate = rate
        self.key = key
        self.bodies: list[dict[str, Any]] = []
        self.gets: list[str] = []
        self.faults: Callable[[dict[str, Any], int], Fault | None] = lambda body, number: None
        self.seconds = 0.0
        self.healthy = True
        self.open = 0
        self.most_open = 0
        self.lock = threading.Lock()
        self.url = ""

    def texts(self) -> list[str]:
        return [body["input"] for body in self.bodies]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: Fake

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.fake.gets.append(self.path)
        if self.path == "/v1/models":
            data = [{"id": self.fake.model, "object": "model"}]
            self.answer_json(200, {"object": "list", "data": data})
        elif self.path == "/v1/audio/voices":
            self.answer_json(200, {"voices": self.fake.voices, "uploaded_voices": []})
        elif self.path == "/health":
            self.answer_json(200 if self.fake.healthy else 503, {})
        else:
            self.answer_json(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        fake = self.fake
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with fake.lock:
            fake.bodies.append(body)
            number = len(fake.bodies)
            fake.open += 1
            fake.most_open = max(fake.most_open, fake.open)
        try:
            time.sleep(fake.seconds)
            if refusal := self.refusal(body):
                self.error(*refusal)
                return
            right = wav(spoken(body["input"], fake.rate), fake.rate)
            fault = fake.faults(body, number)
            if fault is None:
                self.answer(200, right, "audio/wav")
            else:
                fault(self, right)
        finally:
            with fake.lock:
                fake.open -= 1

    def refusal(self, body: dict[str, Any]) -> tuple[int, str] | None:
        """What vllm-omni refuses: an unknown model with 404, all else with 400."""
        fake = self.fake
        if fake.key and self.headers.get("authorization") != f"Bearer {fake.key}":
            return 401, "Unauthorized"
        if errors := [e.message for e in jsonschema.Draft202012Validator(SCHEMA).iter_errors(body)]:
            return 400, "; ".join(errors)
        if body.get("model") not in (None, fake.model):
            return 404, f"The model `{body['model']}` does not exist."
        if "voxtral" in fake.model.lower():
            if body.get("ref_audio"):
                return 400, "This checkpoint has no audio encoder"
            if body.get("voice") not in fake.voices:
                return 400, f"Invalid speaker '{body.get('voice')}'"
        if "say no" in body["input"]:
            return 400, "This text cannot be spoken"
        return None

    def error(self, code: int, message: str) -> None:
        self.answer_json(code, {"error": {"message": message, "type": "Error", "code": code}})

    def answer_json(self, code: int, value: Any) -> None:
        self.answer(code, json.dumps(value).encode(), "application/json")

    def answer(
        self, code: int, body: bytes, kind: str, length: int | None = None, **headers: str
    ) -> None:
        self.send_response(code)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def reset(handler: Handler, right: bytes) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True
    handler.wfile = handler.rfile = io.BytesIO()  # type: ignore[assignment]


def hang(handler: Handler, right: bytes) -> None:
    time.sleep(1.5)
    handler.close_connection = True


def too_many(handler: Handler, right: bytes) -> None:
    handler.answer(429, b"slow down", "text/plain", Retry_After="0.1")


def unavailable(handler: Handler, right: bytes) -> None:
    handler.answer(503, b"", "text/plain", Retry_After="0.1")


def crash(handler: Handler, right: bytes) -> None:
    handler.answer(500, b"Internal Server Error", "text/plain")


def cut_body(handler: Handler, right: bytes) -> None:
    handler.answer(200, right[: len(right) // 2], "audio/wav", length=len(right))
    handler.close_connection = True


def cut_file(handler: Handler, right: bytes) -> None:
    handler.answer(200, right[: len(right) // 2], "audio/wav")


def html(handler: Handler, right: bytes) -> None:
    handler.answer(200, b"<html><body>Welcome to nginx!</body></html>", "text/html")


def html_as_sound(handler: Handler, right: bytes) -> None:
    handler.answer(200, b"<html><body>Bad gateway</body></html>", "audio/wav")


def empty(handler: Handler, right: bytes) -> None:
    handler.answer(200, b"", "audio/wav")


def no_samples(handler: Handler, right: bytes) -> None:
    handler.answer(200, wav(np.zeros(0)), "audio/wav")


def silence(handler: Handler, right: bytes) -> None:
    handler.answer(200, wav(np.zeros(48000)), "audio/wav")


def other_rate(handler: Handler, right: bytes) -> None:
    samples, rate = soundfile.read(io.BytesIO(right))
    handler.answer(200, wav(samples[::3], rate // 3), "audio/wav")


def cut_at_the_limit(handler: Handler, right: bytes) -> None:
    """As vllm-omni answers what ran into max_new_tokens."""
    handler.answer(200, right, "audio/wav", X_VLLM_Omni_Output_Tokens="900")


def much_too_short(handler: Handler, right: bytes) -> None:
    handler.answer(200, wav(spoken("x", seconds=0.05)), "audio/wav")


def runs_on(handler: Handler, right: bytes) -> None:
    handler.answer(200, wav(spoken("x", seconds=90)), "audio/wav")


FAULTS: tuple[Fault, ...] = (
    reset, hang, too_many, unavailable, crash, cut_body, cut_file, html, html_as_sound, empty,
    no_samples, silence, other_rate, much_too_short, runs_on,
)  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *arguments: Any) -> None:
        self.plugs: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.plugs.add(request)
        super().process_request(request, client_address)

    def server_close(self) -> None:
        """As a process that ends: what is connected is cut."""
        super().server_close()
        for plug in self.plugs:
            with contextlib.suppress(OSError):
                plug.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        pass  # a client that went away, or a connection that a fault has closed


@contextmanager
def serving(fake: Fake, port: int = 0) -> Iterator[Fake]:
    handler = type("Bound", (Handler,), {"fake": fake})
    server = _Server(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
