"""Takes of a show, heard and judged; what was heard is kept in the store: each is heard once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podgen.engines.workers import available_cpus
from podgen.errors import EngineError, MachineError, Place, Problem, ResultError, ScriptError
from podgen.proof import Ear, Evidence, Finding, Said, Verdict, companies, judge, word_times
from podgen.proof.finished import Passage, prove_recording, read_transcript
from podgen.render.keys import digest
from podgen.render.plan import Plan, check
from podgen.render.sealed import CorruptError
from podgen.render.store import Clip, Store
from podgen.render.turns import PlannedTurn
from podgen.text.markdown import plain
from podgen.text.spoken import spoken

_RATE = 16_000
AT_ONCE = 2
"""Takes that are heard at the same time, each on one core."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A turn's take with what was heard of it and what that comes to."""

    turn: PlannedTurn
    take: Clip
    evidence: Evidence
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """As plain values, times in seconds of the take."""
        return {
            "turn": self.turn.id,
            "speaker": self.turn.part.character,
            "take": self.turn.take,
            "text": self.turn.utterance.text,
            **self.verdict.to_json(),
        }


def said_by(turn: PlannedTurn) -> Said:
    """What a turn's take should say."""
    unspelt = spoken(turn.turn.text, language=turn.utterance.language).text
    if turn.turn.recording is not None:
        return Said(unspelt, turn.utterance.language)
    known = set(unspelt.split())
    respelt = (word for word in turn.utterance.text.split() if word not in known)
    phonemes = (word for word, _ in turn.utterance.phonemes)
    return Said(turn.utterance.text, turn.utterance.language, (*phonemes, *respelt))


def hear(store: Store, ear: Ear, turn: PlannedTurn, take: Clip) -> Evidence:
    """What is heard of a take, from the store where it was heard before.

    Raises:
        MachineError: the ear lacks packages or weights, or the store cannot be written.
    """
    said = said_by(turn)
    key = _key(ear, take, said)
    found = stored(store, key)
    if found is not None:
        return found
    evidence = ear.listen(take.read(), take.sample_rate, said)
    store.put("proofs", key, evidence.voice.embeddings.reshape(-1), _RATE, evidence.to_json())
    return evidence


def stored(store: Store, key: str) -> Evidence | None:
    """The evidence under a key, if it is there and whole."""
    with contextlib.suppress(CorruptError, TypeError, KeyError, ValueError):
        clip = store.get("proofs", key)
        if clip is not None and clip.intact():
            return Evidence.from_json(clip.notes, clip.read())
    return None


def _key(ear: Ear, take: Clip, said: Said) -> str:
    return digest(
        {
            "proof": ear.fingerprint(),
            "take": take.digest,
            "text": said.text,
            "language": said.language,
            "names": list(said.names),
        }
    )


def judge_all(heard: Sequence[tuple[PlannedTurn, Clip, Evidence]]) -> list[Proved]:
    """Verdicts on takes that stand in one show."""
    takes = [(voice_of(turn), evidence, said_by(turn)) for turn, _, evidence in heard]
    return [
        Proved(turn, take, evidence, judge(evidence, said_by(turn), company))
        for (turn, take, evidence), company in zip(heard, companies(takes), strict=True)
    ]


def voice_of(turn: PlannedTurn) -> str:
    """What makes a turn's voice, as a name for it."""
    said = turn.utterance
    if turn.turn.recording is not None or said.ref_audio is not None:
        return turn.part.character
    return f"{turn.part.engine} {said.voice} {said.language}"


def prove(
    script: Path,
    *,
    engine: str | None = None,
    turn: str | None = None,
    store: Path | None = None,
    model: Path | None = None,
    settings: Mapping[str, object] | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> tuple[list[Proved], list[str]]:
    """Prove the stored takes of a show, or of one turn beside the others.

    `tell` gets how many takes of how many are heard. Also answered are the turns that are not
    rendered.

    Raises:
        ScriptError: the script is wrong, or has no such turn.
        EngineError: nothing of the show, or not the turn asked for, is rendered.
        MachineError: the ear lacks packages or weights.
    """
    plan = check(script, engine=engine, settings=settings or {}, to_speak=False)
    kept = Store(store)
    if turn is not None:
        plan.turn(turn)
    ear = Ear(model, threads=1)
    takes = [(planned, clip) for planned in plan.turns if (clip := _take(kept, planned))]
    rendered = {planned.id for planned, _ in takes}
    missing = [planned.id for planned in plan.turns if planned.id not in rendered]
    if not takes or (turn is not None and turn in missing):
        what = f"turn {turn}" if turn else "nothing of the show"
        raise EngineError(f"{what} is not rendered", f"render it first: podgen render {script}")
    heard = []
    with ThreadPoolExecutor(min(AT_ONCE, available_cpus()), "hearing") as pool:
        each = [(one, clip, pool.submit(hear, kept, ear, one, clip)) for one, clip in takes]
        for planned, clip, hearing in each:
            heard.append((planned, clip, hearing.result()))
            if tell:
                tell(len(heard), len(takes))
    proved = [one for one in judge_all(heard) if turn is None or one.turn.id == turn]
    return proved, missing


def refuse_bad(proved: Sequence[Proved]) -> None:
    """Raises:
    ResultError: there are bad takes; it names turn and words of each.
    """
    problems = [problem(one, plan=None) for one in proved if one.verdict.grade == "bad"]
    if problems:
        raise ResultError(problems)


def problem(one: Proved, plan: Plan | None) -> Problem:
    """A bad take as its user is told of it."""
    return Problem(
        what="; ".join(describe(one, bad_only=True)),
        remedy=_remedy(one, plan),
        place=one.turn.turn.place,
        turn=one.turn.id,
    )


def _remedy(one: Proved, plan: Plan | None) -> str:
    if one.turn.turn.recording is not None:
        return "listen to it; record it again, or mend its text"
    if plan is not None and not plan.engines[one.turn.part.engine].capabilities().takes:
        return "listen to it; respell the words in a lexicon, or change the text"
    return "listen to it; try another take with --turn and --new-take, or respell the words"


def prove_file(
    audio: Path, transcript: Path, language: str | None, model: Path | None = None
) -> list[tuple[Passage, Verdict]]:
    """Prove a finished recording by its transcript; nothing of it is kept.

    Raises:
        ScriptError: the file is no audio, or the transcript is none.
        MachineError: the ear lacks packages or weights.
    """
    passages, told_language = read_transcript(transcript)
    if not passages:
        raise ScriptError(f"{transcript} has no words with times", "give the episode's transcript")
    tongue = language or told_language or "en"
    return list(prove_recording(audio, passages, tongue, Ear(model)))


def refuse_bad_passages(audio: Path, passages: Sequence[tuple[Passage, Verdict]]) -> None:
    """Raises:
    ResultError: there are bad passages; it names the words of each.
    """
    problems = [
        Problem(
            "; ".join(told(finding) for finding in verdict.findings if finding.grade == "bad"),
            "listen to it, or mend the transcript",
            Place(str(audio)),
        )
        for _, verdict in passages
        if verdict.grade == "bad"
    ]
    if problems:
        raise ResultError(problems)


def told(finding: Finding) -> str:
    """A finding in a sentence."""
    words = f"'{finding.words}' " if finding.words else ""
    return f"{words}{finding.what} at {finding.start:.1f} s ({finding.sure:.0%} sure)"


def describe(one: Proved, *, bad_only: bool = False) -> list[str]:
    """What was found in a take, a line for each."""
    return [
        told(finding) for finding in one.verdict.findings if finding.grade == "bad" or not bad_only
    ]


def spoken_times(one: Proved) -> list[tuple[str, float, float]]:
    """The words of a turn as they are written, with when each is said in its take, in seconds."""
    return written_times(one.turn, one.evidence)


def heard_words(store: Store, turn: PlannedTurn, take: Clip) -> list[tuple[str, float, float]]:
    """The `written_times` of a take that the usual ear has heard before; none where it has not."""
    with contextlib.suppress(MachineError):  # nothing here hears
        evidence = stored(store, _key(Ear(), take, said_by(turn)))
        if evidence is not None:
            return written_times(turn, evidence)
    return []


def written_times(turn: PlannedTurn, evidence: Evidence) -> list[tuple[str, float, float]]:
    """The words of a turn as they are written, with when each is said in its take, in seconds.

    Empty where its language is not heard.
    """
    if evidence.words is None:
        return []
    words = plain(turn.turn.text).split()
    spans = word_times(words, evidence.words, evidence.sound.end, turn.utterance.language)
    return [(word, start, end) for word, (start, end) in zip(words, spans, strict=True)]


def _take(store: Store, turn: PlannedTurn) -> Clip | None:
    try:
        clip = store.get("takes", turn.key)
    except CorruptError:
        return None
    return clip if clip is not None and clip.intact() else None
