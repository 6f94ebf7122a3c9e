"""Utterances that join the batch as they are asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from podgen.engines.base import Utterance
from podgen.engines.continuous import Inbox
from podgen.engines.voxtral.batch.slots import Turn
from podgen.engines.voxtral.batch.speaking import Speaking, key_of
from podgen.engines.voxtral.batch.work import Lost, Work
from podgen.errors import PodgenError

log = logging.getLogger(__name__)


class InboxWork(Work):
    """The turns of what waits in an inbox, oldest first; closed when the inbox is and all is done.

    Args:
        inbox: what waits.
        speaking: where what is taken is kept until it is spoken.
    """

    def __init__(self, inbox: Inbox, speaking: Speaking) -> None:
        super().__init__(wants=self._wanted)
        self._inbox = inbox
        self._speaking = speaking
        self._ending = False

    def _order(self) -> None:
        """As they came."""

    def add(self, turns: Iterable[Turn]) -> None:
        """Put turns in, or back."""
        with self._changed:
            self._turns[:0] = [*turns][::-1]
            self._changed.notify_all()
        self._inbox.wake()

    def take(self, most: int, *, wait: bool = False) -> list[Turn]:
        """Up to `most` turns. With `wait`, none only when the work is closed."""
        while True:
            with self._changed:
                if self._turns or self._closed or most <= 0:
                    return self._taken(most)
            asked = self._inbox.take(most, wait=wait, unless=self._has_some)
            for one in asked:
                self._begin(one.utterance, in_parts=one.in_parts)
            if not asked and not wait:
                return []
            if not asked and not self._has_some():
                self._end()

    def finish(self) -> None:
        """Close the work if no more comes and all is done."""
        if self._ending and not self._speaking.left:
            self.close()

    def close(self) -> None:
        """There will be no more; whatever is left is not wanted."""
        super().close()
        self._inbox.wake()

    def _end(self) -> None:
        """No more comes from the inbox: only turns to be generated anew do."""
        self._ending = True
        self.finish()
        with self._changed:
            while not self._turns and not self._closed:
                self._changed.wait()

    def _has_some(self) -> bool:
        return bool(self._turns) or self._closed

    def _begin(self, utterance: Utterance, *, in_parts: bool) -> None:
        try:
            turns = self._speaking.begin(utterance.id, utterance, in_parts=in_parts)
        except PodgenError as error:
            self.results.put(Lost(utterance.id, error))
        except Exception as error:  # an odd text must not end the others
            log.exception("an utterance could not be prepared")
            self.results.put(Lost(utterance.id, error))
        else:
            self.add(turns)

    def _wanted(self, turn: Turn) -> bool:
        if not self._speaking.wants(turn):
            return False
        key = key_of(turn.id)
        if self._inbox.wanted(key):
            return True
        self._speaking.drop(key)
        self.finish()
        return False
