"""The engine whose voices are elsewhere: on one or many OpenAI-compatible speech servers."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import util
from typing import TYPE_CHECKING

from podgen.engines.base import Availability, Capabilities, Speech, Utterance, VoiceInfo
from podgen.engines.checks import Problems, check_against, refuse
from podgen.engines.remote import length, models, request
from podgen.engines.remote.job import Job, perform
from podgen.engines.remote.request import Ask
from podgen.engines.remote.servers import Servers
from podgen.engines.remote.settings import read_engine, read_voice
from podgen.errors import EngineError

if TYPE_CHECKING:
    from podgen.engines.remote.client import Wanted

log = logging.getLogger(__name__)

INSTALL = "pip install 'podgen[remote]'"
_THREADS = 64
_LISTED = tuple[list[str], list[str]] | None


class RemoteEngine:
    """Asks servers for speech. Its settings are those of `EngineSettings`."""

    name = "remote"

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self._settings = read_engine(settings or {})
        self._listed: dict[str, _LISTED] = {}
        self._warned: set[str] = set()

    def capabilities(self) -> Capabilities:
        """As wide as any model's; what a given model lacks, `check` says."""
        row = models.find(self._settings.model) if self._settings.model else None
        rate = self._settings.sample_rate or (row.sample_rate if row else None) or 24_000
        return Capabilities(
            languages=("*",),
            sample_rate=rate,
            speed=row.speed if row else (0.25, 4.0),
            cloning=True,
            instructions=True,
            split=True,
        )

    def availability(self) -> Availability:
        """Whether servers are configured; it does not ask them."""
        settings = self._settings
        if util.find_spec("httpx") is None:
            return Availability(False, f"httpx is not installed: {INSTALL}")
        if settings.api_key_env and not settings.api_key():
            return Availability(False, f"the environment variable {settings.api_key_env} is empty")
        if not settings.base_url:
            return Availability(False, "no server is named: set base_url under engines: remote:")
        count = len(settings.base_url)
        servers = settings.base_url[0] if count == 1 else f"{count} servers"
        return Availability(True, f"{servers}, {settings.model or 'a model named by each voice'}")

    def outlook(self) -> str:
        """Nothing: it is as fast as its servers."""
        return ""

    def voices(self) -> Sequence[VoiceInfo]:
        """The voices that the configured model is known to come with, else those that the servers
        say they have."""
        row = models.find(self._settings.model or "")
        if row.presets:
            return tuple(VoiceInfo(name, "", "", f"of {row.name}") for name in row.presets)
        names: dict[str, str] = {}
        for url in self._settings.base_url:
            _, voices = self._listing(url) or ((), ())
            names |= {voice: url for voice in voices if voice not in names}
        return tuple(VoiceInfo(name, "", "", f"at {url}") for name, url in names.items())

    def check(self, utterance: Utterance) -> Problems:
        """What the utterance's model would drop or refuse, before anything is sent.

        Of a model that is not known, and for a voice that its model does not come with, the
        servers are asked once what they have.
        """
        voice, problems = read_voice(utterance.settings)
        name = voice.model or self._settings.model
        if name is None:
            return [*problems, ("no model is named", "set `model` under engines: remote:")]
        if not (voice.base_url or self._settings.base_url):
            problems.append(("no server is named", "set `base_url` under engines: remote:"))
        row = models.find(name)
        ask = Ask(utterance, self._settings, voice, row, name)
        can = replace(self.capabilities(), speed=row.speed)
        problems += check_against(replace(utterance, settings={}), can, row.name)
        problems += request.problems(ask)
        if voice.split == "never" and len(utterance.text) > length.LONGEST:
            problems.append(
                (
                    f"the text has {len(utterance.text)} characters, more than {length.LONGEST}",
                    "let it be split, or make two turns of it",
                )
            )
        return problems or self._server_problems(ask)

    def estimate(self, utterance: Utterance) -> float:
        """Seconds of speech, from the text's length."""
        return length.seconds(utterance.text, utterance.speed)

    def fingerprint(self) -> str:
        """The model and the parameters that all requests carry; never the servers' addresses."""
        settings = self._settings
        carried = {"rate": settings.sample_rate, "extra": dict(settings.extra_params)}
        digest = hashlib.sha256(json.dumps(carried, sort_keys=True).encode()).hexdigest()[:16]
        return f"remote-{request.VERSION} {settings.model or '-'} {digest}"

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        """Asks for many at once; what can be spoken is yielded before what cannot is raised.

        Raises:
            EngineError: naming every utterance that no server would speak.
        """
        jobs = [self._job(utterance) for utterance in utterances]
        if not jobs:
            return
        available = self.availability()
        if not available.usable and not all(job.ask.voice.base_url for job in jobs):
            raise EngineError(f"remote cannot speak: {available.reason}")
        from podgen.engines.remote.client import Client

        settings = self._settings
        urls = dict.fromkeys(url for job in jobs for url in self._urls(job.ask))
        servers = Servers(urls, in_flight=settings.in_flight, first_rest=10 * settings.backoff)
        client = Client(settings, servers)
        threads = min(_THREADS, len(urls) * settings.in_flight)
        try:
            yield from perform(jobs, client, threads, [self._wanted(job) for job in jobs])
        finally:
            servers.stop()  # the threads go home, each after the answer it waits for

    def close(self) -> None:
        """Forget what the servers said they have."""
        self._listed.clear()

    def _urls(self, ask: Ask) -> tuple[str, ...]:
        return ask.voice.base_url or self._settings.base_url

    def _job(self, utterance: Utterance) -> Job:
        refuse(self.name, utterance, self.check(utterance))
        voice, _ = read_voice(utterance.settings)
        name = voice.model or self._settings.model or ""
        ask = Ask(utterance, self._settings, voice, models.find(name), name)
        return Job(ask, length.parts(utterance.text, voice.split))

    def _wanted(self, job: Job) -> list[Wanted]:
        from podgen.engines.remote.client import Wanted

        ask = job.ask
        return [
            Wanted(
                body=request.body(ask, text),
                urls=self._urls(ask),
                expected=length.expected(text, ask.utterance.speed, ask.rate),
            )
            for text, _ in job.texts
        ]

    def _server_problems(self, ask: Ask) -> Problems:
        voice = request.voice_name(ask)
        if ask.model.known and (voice is None or voice in ask.model.presets):
            return []
        if ask.model.known and ask.model.voice != "required":
            return []
        if not ask.model.known:
            self._warn(f"model {ask.model_name} is not known: its settings are sent as written")
        problems: Problems = []
        for url in self._urls(ask):
            problems += self._listed_problems(ask, url, self._listing(url), voice)
        return problems

    def _listing(self, url: str) -> _LISTED:
        """Models and voices of a server, asked for once; None where it does not answer."""
        if url not in self._listed:
            from podgen.engines.remote.client import listed

            self._listed[url] = listed(self._settings, url)
        return self._listed[url]

    def _listed_problems(self, ask: Ask, url: str, listed: _LISTED, voice: str | None) -> Problems:
        if listed is None:
            if ask.model.known:
                return [(f"{ask.model.name} has no voice `{voice}`", _some(ask.model.presets))]
            self._warn(f"{url} cannot be reached: model and voices are not checked")
            return []
        names, voices = listed
        if names and ask.model_name not in names:
            return [(f"{url} has no model `{ask.model_name}`", _some(names))]
        if voices and voice is not None and voice not in voices:
            return [(f"{url} has no voice `{voice}`", _some(voices))]
        return []

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            log.warning("warning: %s", message)


def _some(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > 12 else ""
    return f"it has {', '.join(names[:12])}{more}"
