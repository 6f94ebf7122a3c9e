"""What the server counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 180)


class Metrics:
    """One server's figures, in a registry of its own.

    `depth` gives the utterances that wait and those being spoken; `active` the open requests.
    """

    def __init__(self, depth: Callable[[], tuple[int, int]], active: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "podgen_requests",
            "Requests for speech by outcome; a status, or `gone` where the client left.",
            ["outcome"],
            registry=self._registry,
        )
        self.seconds = Histogram(
            "podgen_request_seconds",
            "From a request's acceptance to its last byte.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.first_audio = Histogram(
            "podgen_first_audio_seconds",
            "From a request's acceptance to its first sound.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.audio = Counter(
            "podgen_audio_seconds", "Sound that was made.", registry=self._registry
        )
        self.characters = Counter(
            "podgen_characters", "Text that was accepted.", registry=self._registry
        )
        gauges: dict[str, tuple[str, Callable[[], float]]] = {
            "podgen_utterances_waiting": (
                "Utterances the engine has not begun.",
                lambda: depth()[0],
            ),
            "podgen_utterances_speaking": ("Utterances in the engine.", lambda: depth()[1]),
            "podgen_requests_active": ("Requests accepted and not finished.", active),
        }
        for name, (what, value) in gauges.items():
            Gauge(name, what, registry=self._registry).set_function(value)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)
