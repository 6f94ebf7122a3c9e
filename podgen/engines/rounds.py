"""Any engine fed from an inbox: those whose batch never stops, and the others in rounds."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence

from podgen.engines.base import Engine, Utterance
from podgen.engines.continuous import ContinuousEngine, Delivery, Failed, Inbox, Part
from podgen.errors import EngineError, PodgenError

log = logging.getLogger(__name__)


def speak_from(engine: Engine, inbox: Inbox, most: int) -> Iterator[Delivery]:
    """Speak what comes until the inbox closes, `most` utterances at once.

    A `ContinuousEngine` takes utterances into a batch that is already running, and gives back sound
    before an utterance is done. Other engines are handed a round of utterances and give each back
    whole. What this raises fails everything that was taken.
    """
    if isinstance(engine, ContinuousEngine):
        yield from engine.speak_from(inbox, most)
        return
    while batch := inbox.take(most, wait=True):
        yield from _round(engine, [asked.utterance for asked in batch])


def _round(engine: Engine, batch: Sequence[Utterance]) -> Iterator[Delivery]:
    """Every utterance of the batch, spoken or failed; one that fails takes no other with it."""
    groups = deque([list(batch)])
    while groups:
        left = {utterance.id: utterance for utterance in groups.popleft()}
        failure: Exception
        try:
            for speech in engine.synthesize(list(left.values())):
                if left.pop(speech.id, None) is not None:
                    yield Part(speech.id, speech.samples, speech.sample_rate, last=True)
            failure = EngineError(f"engine {engine.name} returned nothing")
            blamed = set(left)
        except PodgenError as error:
            failure = error
            blamed = {problem.turn for problem in error.problems if problem.turn} & left.keys()
        except Exception as error:
            log.exception("engine %s failed; it is started anew", engine.name)
            engine.close()
            failure = error
            blamed = set()
        if not blamed and len(left) == 1:
            blamed = set(left)
        for utterance_id in blamed:
            del left[utterance_id]
            yield Failed(utterance_id, failure)
        if blamed and left:
            groups.append(list(left.values()))
        else:  # nobody is to blame by name: each shows by itself whether it was the one
            groups.extend([utterance] for utterance in left.values())
