"""How many planted faults are found, and how many whole takes are called bad.

Takes are spoken once (about ten minutes) and kept in --folder, as is what was heard of each take,
so that another threshold costs seconds. Thresholds were chosen on `--set tuning`; the figures are
those of the set held out, which shares no text and no voice with it.

    python -m benchmarks.proof --set heldout
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np

from benchmarks.proof.faults import FAULTS, Ground, Planted
from benchmarks.proof.takes import Take, takes
from benchmarks.results import OUT, Result, machine
from podgen.proof import Company, Ear, Evidence, Said, Verdict, companies, judge
from podgen.render.keys import digest
from podgen.render.proving import stored
from podgen.render.store import Store
from podgen.text.spoken import spoken


class Listener:
    """Hears takes once; keeps the evidence, the seconds of sound and the seconds it took."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "heard")
        self.ear = Ear()
        self.sound = self.spent = 0.0

    def __call__(self, samples: np.ndarray, rate: int, said: Said) -> Evidence:
        name = hashlib.sha256(np.ascontiguousarray(samples).tobytes()).hexdigest()
        key = digest({"ear": self.ear.fingerprint(), "sound": name, "text": said.text})
        if (found := stored(self.store, key)) is not None:
            return found
        begun = time.process_time()
        evidence = self.ear.listen(samples, rate, said)
        self.spent += time.process_time() - begun
        self.sound += len(samples) / rate
        embeddings = evidence.voice.embeddings.reshape(-1)
        self.store.put("proofs", key, embeddings, 16000, evidence.to_json())
        return evidence


def grounds(which: str, folder: Path, listen: Listener, *, present: bool) -> list[Ground]:
    """The whole takes of a set, heard."""
    found = []
    for take in takes(which, folder, present=present):
        said = Said(spoken(take.text, language=take.language).text, take.language)
        found.append(Ground(take, said, listen(take.samples, take.rate, said)))
    return found


def plant(whole: list[Ground], others: list[Take], count: int) -> Iterator[Planted]:
    """`count` faults, as many of each kind, spread over the takes."""
    rng = np.random.default_rng(20261128)
    spoken_by_models = [ground for ground in whole if ":" not in ground.take.voice]
    planted: list[list[Planted]] = []
    for kind, fault in FAULTS.items():
        wanted = count // len(FAULTS)
        planted.append([])
        for at in rng.permutation(len(spoken_by_models)):
            if not wanted:
                break
            ground = spoken_by_models[at]
            harmed = fault(ground, [t for t in others if t is not ground.take], rng)
            if harmed is not None:
                wanted -= 1
                planted[-1].append(Planted(kind, ground, harmed))
    for one_of_each in zip_longest(*planted):
        yield from filter(None, one_of_each)


def company_of(whole: list[Ground]) -> dict[str, Company]:
    """What the other whole takes of its language say of each take, by its name."""
    found = {}
    for language in {ground.take.language for ground in whole}:
        same = [ground for ground in whole if ground.take.language == language]
        shown = [(ground.take.voice, ground.evidence, ground.said) for ground in same]
        for ground, company in zip(same, companies(shown), strict=True):
            found[ground.take.name] = company
    return found


def run(which: str, folder: Path, count: int, *, tell: bool, present: bool) -> Result:
    """The shares found, in percent, of each kind and in all."""
    listen = Listener(folder)
    whole = grounds(which, folder, listen, present=present)
    figures: dict[str, float] = {"whole takes": len(whole)}
    figures["voices"] = len({ground.take.voice for ground in whole})
    graded: dict[str, list[str]] = defaultdict(list)
    company = company_of(whole)
    for ground in whole:
        verdict = judge(ground.evidence, ground.said, company[ground.take.name])
        graded[ground.take.language].append(verdict.grade)
        if tell and verdict.grade != "good":
            _tell("whole", ground, verdict)
    good = [grade for grades in graded.values() for grade in grades]
    for language, grades in sorted(graded.items()):
        figures[f"whole takes called bad, {language}, %"] = _percent(grades, "bad")
    figures["whole takes called bad, %"] = _percent(good, "bad")
    figures["whole takes called doubtful, %"] = _percent(good, "doubtful")
    found: dict[str, list[str]] = defaultdict(list)
    for planted in plant(whole, [ground.take for ground in whole], count):
        ground = planted.ground
        evidence = listen(planted.samples, ground.take.rate, ground.said)
        verdict = judge(evidence, ground.said, company[ground.take.name])
        found[planted.kind].append(verdict.grade)
        if tell and verdict.grade != "bad":
            _tell(planted.kind, ground, verdict)
    for kind, grades in found.items():
        figures[f"{kind} ({len(grades)}): bad, %"] = _percent(grades, "bad")
        figures[f"{kind} ({len(grades)}): bad or doubtful, %"] = 100 - _percent(grades, "good")
    every = [grade for grades in found.values() for grade in grades]
    figures["faults"] = len(every)
    figures["faults found bad, %"] = _percent(every, "bad")
    figures["faults found bad or doubtful, %"] = 100 - _percent(every, "good")
    if listen.sound:
        figures["CPU seconds for each second of sound heard now"] = listen.spent / listen.sound
    return Result(f"proof-{which}", machine(), figures)


def _percent(grades: list[str], grade: str) -> float:
    return 100 * grades.count(grade) / max(1, len(grades))


def _tell(kind: str, ground: Ground, verdict: Verdict) -> None:
    print(f"{kind}: {ground.take.name}: {verdict.grade}\n    written: {ground.said.text}")
    print(f"    heard:   {verdict.heard}")
    for one in verdict.findings:
        print(f"    {one.grade} {one.kind} '{one.words}' {one.what} {one.start:.2f} {one.sure:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=("tuning", "heldout"), default="heldout")
    parser.add_argument("--faults", type=int, default=308)
    parser.add_argument("--folder", type=Path, default=OUT / "proof")
    parser.add_argument("--tell", action="store_true", help="Print what was judged wrongly.")
    parser.add_argument("--present", action="store_true", help="Speak nothing.")
    given = parser.parse_args()
    run(given.set, given.folder, given.faults, tell=given.tell, present=given.present).show()
