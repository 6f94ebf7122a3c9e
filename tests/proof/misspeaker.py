"""An engine that misspeaks on purpose: hibari, which leaves out two words with some seeds.

`python -m tests.proof.misspeaker first render ...` is podgen with that engine in hibari's place;
`first` leaves them out of the first take, `always` of every one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from podgen.engines import REGISTRY
from podgen.engines.base import Capabilities, Speech, Utterance
from podgen.engines.hibari import HibariEngine


def misspeaking(drops: Callable[[int], bool]) -> type[HibariEngine]:
    """An engine whose seeds make other takes, some of them without two of the words."""

    class Misspeaker(HibariEngine):
        def capabilities(self) -> Capabilities:
            return replace(super().capabilities(), takes=True)

        def fingerprint(self) -> str:
            return f"misspeaking {super().fingerprint()}"

        def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
            return super().synthesize(
                [
                    replace(one, text=one.text.replace("my kitchen ", ""))
                    if drops(one.seed)
                    else one
                    for one in utterances
                ]
            )

    return Misspeaker


if __name__ == "__main__":
    from podgen.__main__ import main

    always = sys.argv.pop(1) == "always"
    REGISTRY["hibari"] = misspeaking(lambda seed: always or seed == 0)
    main()
