"""The ear: whether every word of a take was heard, in the right voice, in sound that is fit to use.

Needs the extra `podgen[proof]`, and for the voice `pip install --no-deps resemblyzer`; importing
this package needs neither. One take by itself:

    ear = Ear()                                   # weights are found, or MachineError says how
    said = Said("Good morning.", "en")            # the text in words, from text.spoken.spoken
    evidence = ear.listen(samples, rate, said)    # mono float32; costs about a tenth of its length
    verdict = judge(evidence, said)               # .grade: good, doubtful or bad; .findings

Several takes of one show are held against each other, which is how another voice is told:

    takes = [(voice, evidence, said), ...]
    verdicts = [judge(e, s, c) for (_, e, s), c in zip(takes, companies(takes))]

`Ear.write_down` gives the words of a sound of which no text is known. `word_times` says when
each word of a text is said. `finished.prove_recording` holds any recording against its transcript.
Takes of the store are proved by `podgen.render.proving`, which keeps the evidence there.
"""

from podgen.proof.alignment import times as word_times
from podgen.proof.company import Company, companies
from podgen.proof.ear import Ear, Evidence, Said
from podgen.proof.hearing import HeardWord
from podgen.proof.judge import judge
from podgen.proof.verdict import Finding, Grade, Verdict
from podgen.proof.weights import INSTALL, VOICE_INSTALL, installed

__all__ = [
    "INSTALL",
    "VOICE_INSTALL",
    "Company",
    "Ear",
    "Evidence",
    "Finding",
    "Grade",
    "HeardWord",
    "Said",
    "Verdict",
    "companies",
    "installed",
    "judge",
    "word_times",
]
