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
from podgen.engines.remote import length, models, offer, request
from podgen.engines.remote.job import Job, perform
from podgen.engines.remote.models import Model
from podgen.engines.remote.request import Ask
from podgen.engines.remote.servers import Servers
from podgen.engines.remote.settings import read_engine, read_voice
from podgen.errors import EngineError

if TYPE_CHECKING:
    from podgen.engines.remote.client import Wanted
    from podgen.engines.remote.listing import Listing

log = logging.getLogger(__name__)

INSTALL = "pip install 'podgen[remote]'"
_THREADS = 64


class RemoteEngine:
    """Asks servers for speech. Its settings are those of `EngineSettings`."""

    name = "remote"

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self._settings = read_engine(settings or {})
        self._listed: dict[str, Listing | None] = {}
        self._warned: set[str] = set()

    def capabilities(self) -> Capabilities:
        """As wide as any model's; what a given model lacks, `check` says. Of podgen's own server
        they are those of the engine behind it."""
        settings = self._settings
        row = self._model(settings.model or "", settings.base_url)
        rate = settings.sample_rate or row.sample_rate or 24_000
        return Capabilities(
            languages=row.languages,
            sample_rate=rate,
            speed=row.speed,
            blends=row.blends,
            phonemes=row.phonemes,
            cloning=row.ref_audio != "rejected" or not row.own,
            instructions=row.instructions != "rejected" or not row.own,
            split=True,
            takes=row.takes,
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
        """The voices that the servers say they have, else those that the configured model is known
        to come with.

        Raises:
            EngineError: no server answers, and nothing is known of the model.
        """
        urls = self._settings.base_url
        row = models.find(self._settings.model or "")
        listings = self._listings(urls)
        found: dict[str, VoiceInfo] = {}
        for url, listing in listings.items():
            for voice in listing.voices if listing is not None else ():
                found.setdefault(voice.name, replace(voice, description=f"at {url}"))
        if not found and urls and not any(listings.values()):
            self._warn(f"{', '.join(urls)} cannot be reached: it is not asked for its voices")
            if not row.presets:
                raise EngineError(
                    f"{', '.join(urls)} cannot be reached", "start the server, or mend the address"
                )
        presets = (VoiceInfo(name, "", "", f"of {row.name}") for name in row.presets)
        return tuple(found.values() or presets)

    def check(self, utterance: Utterance) -> Problems:
        """What the utterance's model would drop or refuse, before anything is sent.

        The servers are asked once what they have; one that does not answer is warned of.
        """
        voice, problems = read_voice(utterance.settings)
        name = voice.model or self._settings.model
        if name is None:
            return [*problems, ("no model is named", "set `model` under engines: remote:")]
        urls = voice.base_url or self._settings.base_url
        if not urls:
            problems.append(("no server is named", "set `base_url` under engines: remote:"))
        ask = self._ask(utterance)
        row = ask.model
        can = replace(
            self.capabilities(),
            speed=row.speed,
            phonemes=row.phonemes,
            cloning=True,
            instructions=True,
        )
        problems += check_against(replace(utterance, settings={}), can, row.name)
        problems += request.problems(ask)
        longest = row.longest or length.LONGEST
        if voice.split == "never" and len(utterance.text) > longest:
            problems.append(
                (
                    f"the text has {len(utterance.text)} characters, more than {longest}",
                    "let it be split, or make two turns of it",
                )
            )
        return problems or self._server_problems(ask, urls)

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
        servers = Servers(
            urls,
            in_flight=settings.in_flight,
            first_rest=4 * settings.backoff,
            patience=settings.patience,
            attempts=settings.attempts,
            well=[url for url in urls if self._listed.get(url) is not None],
            tell=lambda message: log.warning("warning: %s", message),
        )
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

    def _ask(self, utterance: Utterance) -> Ask:
        voice, _ = read_voice(utterance.settings)
        name = voice.model or self._settings.model or ""
        model = self._model(name, voice.base_url or self._settings.base_url)
        return Ask(utterance, self._settings, voice, model, name)

    def _job(self, utterance: Utterance) -> Job:
        refuse(self.name, utterance, self.check(utterance))
        ask = self._ask(utterance)
        longest = ask.model.longest or length.LONGEST
        return Job(ask, length.parts(utterance.text, ask.voice.split, longest))

    def _wanted(self, job: Job) -> list[Wanted]:
        from podgen.engines.remote.client import Wanted

        ask = job.ask
        return [
            Wanted(
                body=request.body(ask, text),
                urls=self._urls(ask),
                expected=length.expected(text, ask.utterance.speed, ask.rate),
                reseed=ask.model.reseed,
            )
            for text, _ in job.texts
        ]

    def _model(self, name: str, urls: Sequence[str]) -> Model:
        """What is known of a model: by the table, else by what podgen's servers say of it."""
        row = models.find(name)
        if row.known:
            return row
        for listing in self._listings(urls).values():
            if listing is not None and name in listing.own:
                return listing.own[name]
        return row

    def _listings(self, urls: Sequence[str]) -> dict[str, Listing | None]:
        """What servers have, asked for once; None where one does not answer."""
        new = [url for url in urls if url not in self._listed]
        if new and util.find_spec("httpx") is not None:
            from podgen.engines.remote.listing import ask

            self._listed |= ask(self._settings, new)
        return {url: self._listed.get(url) for url in urls}

    def _server_problems(self, ask: Ask, urls: Sequence[str]) -> Problems:
        problems: Problems = []
        answered = False
        for url, listing in self._listings(urls).items():
            if listing is None:
                self._warn(f"{url} cannot be reached: model and voices are not checked")
                continue
            answered = True
            problems += offer.problems(ask, url, listing)
        voice = request.voice_name(ask)
        if not answered and ask.model.presets and voice not in (None, *ask.model.presets):
            return [(f"{ask.model.name} has no voice `{voice}`", offer.some(ask.model.presets))]
        if not ask.model.known:
            self._warn(f"model {ask.model_name} is not known: its settings are sent as written")
        return problems

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            log.warning("warning: %s", message)
