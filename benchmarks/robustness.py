"""What breaks a render: kills, renders at once, mutated scripts, damaged clips, signals.

Counts what went wrong, which should be nothing: lost work, a wrong episode, files left over, a
traceback, a difference without a word. Everything is drawn from a fixed seed.

    python -m benchmarks.robustness --kills 200 --pairs 50 --scripts 2000 --damage 300
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.results import Result, machine

WORDS = ("the", "rain", "falls", "on", "hills", "and", "towns", "while", "nobody", "looks", "up")
VOICES = "characters:\n  ADA: {voices: {hibari: heart}}\n  BEN: {voices: {hibari: heart}}\n"


def write_show(folder: Path, turns: int, seed: int = 0) -> Path:
    """A script of short turns with a chapter, a pause and stems."""
    draw = random.Random(seed)
    (folder / "voices.yaml").write_text(VOICES)
    lines = ["title: Trial", "stems: true", "turns:", "- chapter: One"]
    for number in range(turns):
        text = " ".join(draw.choices(WORDS, k=draw.randint(3, 12)))
        lines.append(f"- {'ADA' if number % 2 else 'BEN'}: {{id: t{number}, text: '{text}.'}}")
    script = folder / "show.yaml"
    script.write_text("\n".join(lines) + "\n")
    return script


SIGNS = list("{}[]:,-#&*!|>'\"%@`\t\n\x00é\u2028🎉0~")


def begin(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A render in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "podgen", "render", "-e", "hibari", "show.yaml", *arguments],
        cwd=folder,
        env={**os.environ, "PODGEN_STORE": str(folder / "store"), "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """What a render made, but for what tells times or what came from the store."""
    varying = (".podgen.json", "report.json", "report.html")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in varying and ".writing-" not in str(path)
    }


def leftovers(folder: Path) -> list[Path]:
    """Unfinished files and folders."""
    return list(folder.rglob(".writing-*"))


def expected(folder: Path) -> tuple[dict[str, bytes], float]:
    """What an undisturbed render makes, and how long it takes."""
    began = time.perf_counter()
    run = begin(folder)
    _, said = run.communicate()
    if run.returncode:
        raise SystemExit(said.decode())
    return contents(folder / "dist"), time.perf_counter() - began


def kills(count: int, seed: int, ends: tuple[signal.Signals, ...]) -> Counter[str]:
    """End renders at any moment, by signals in turn; then let one finish."""
    draw, wrong = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name:
        folder = Path(name)
        write_show(folder, 12)
        whole, seconds = expected(folder)
        for number in range(count):
            if number % 10 == 0:
                shutil.rmtree(folder / "store", ignore_errors=True)
            run = begin(folder)
            time.sleep(draw.uniform(0.3, 1.0) * seconds)
            run.send_signal(ends[number % len(ends)])
            _, said = run.communicate()
            wrong["tracebacks"] += b"Traceback" in said
            wrong["episodes that changed"] += contents(folder / "dist") != whole
        run = begin(folder)
        run.communicate()
        wrong["renders that did not resume"] += run.returncode != 0
        wrong["wrong episodes"] += contents(folder / "dist") != whole
        wrong["left over"] += len(leftovers(folder))
    return wrong


def pairs(count: int, seed: int) -> Counter[str]:
    """Two renders at once on one store and one output, one of them killed each second time."""
    draw, wrong = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name:
        folder = Path(name)
        write_show(folder, 8)
        whole, seconds = expected(folder)
        for number in range(count):
            shutil.rmtree(folder / "store", ignore_errors=True)
            both = [begin(folder), begin(folder)]
            if number % 2:
                time.sleep(draw.uniform(0.2, 1.0) * seconds)
                both[0].kill()
            codes = [run.communicate() and run.returncode for run in both]
            wrong["failed renders"] += codes[1] != 0 or (codes[0] != 0 and not number % 2)
            wrong["wrong episodes"] += contents(folder / "dist") != whole
        begin(folder).communicate()
        wrong["left over"] += len(leftovers(folder))
    return wrong


def mutated(text: str, draw: random.Random) -> str:
    """A script with a few characters or lines changed."""
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(text))
        kind = draw.randrange(5)
        if kind == 0:
            text = text[:at] + text[at + draw.randint(1, 8) :]
        elif kind == 1:
            text = (
                text[:at] + draw.choice(list("{}[]:,-#&*!|>'\"%@`\t\n\x00é\u2028🎉0~")) + text[at:]
            )
        elif kind == 2:
            text = text[:at] + text[at : at + 40] * draw.randint(2, 50) + text[at:]
        elif kind == 3:
            lines = text.splitlines(keepends=True)
            draw.shuffle(lines)
            text = "".join(lines)
        else:
            odd = draw.choice(["1e999", "-1", "null", "[]", "{}", "9" * 400, ".inf", "~/x", "\\"])
            text = text[:at] + odd + text[at:]
        text = text or " "
    return text


def scripts(count: int, seed: int) -> Counter[str]:
    """Check mutated scripts in this process: each is sound, or refused with its place."""
    from podgen.errors import PodgenError
    from podgen.render.plan import check

    draw, wrong = random.Random(seed), Counter[str]()
    base = (
        "title: A\nlanguage: en\nlexicon: {rain: rayne}\nmastering: {preset: apple, tail: 1}\n"
        "deliverables: [mp3, wav]\nturns:\n- chapter: One\n- ADA: {text: 'It rains.', gain: -1}\n"
        "- pause: 1.5\n- BEN: {text: '**So** it does, 3 times.', overlap: 0.2, id: so}\n"
        "- ADA: No.\n"
    )
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name:
        folder = Path(name)
        write_show(folder, 1)
        script = folder / "show.yaml"
        for _ in range(count):
            text = mutated(base, draw)
            script.write_text(text, encoding="utf-8", errors="replace")
            try:
                plan = check(script, engine="hibari")
                wrong["plans without a turn"] += not plan.turns
            except PodgenError as error:
                lines = str(error).splitlines()
                wrong["refusals without a place"] += not all("show.yaml" in line for line in lines)
                wrong["refusals of many lines"] += len(lines) != len(error.problems)
            except Exception:  # what is counted
                wrong["tracebacks"] += 1
                print(repr(text), file=sys.stderr)
    return wrong


def harmed(path: Path, draw: random.Random) -> None:
    """Do something to a stored clip."""
    data = bytearray(path.read_bytes())
    harm: list[Callable[[], object]] = [
        lambda: data.__setitem__(draw.randrange(len(data)), draw.randrange(256)),
        lambda: data.__delitem__(slice(draw.randrange(len(data)), None)),
        lambda: data.extend(draw.randbytes(draw.randint(1, 999))),
        lambda: data.__setitem__(slice(0, draw.randint(1, 64)), b""),
        data.clear,
        data.reverse,
    ]
    draw.choice(harm)()
    path.write_bytes(data)
    if draw.random() < 0.1:
        path.unlink()
        draw.choice([path.mkdir, lambda: os.mkfifo(path), lambda: path.symlink_to("/dev/zero")])()


def damage(count: int, seed: int) -> Counter[str]:
    """Damage a clip of the store and render: the same episode, and it says so."""
    from podgen.render.events import Warned
    from podgen.render.pipeline import Job, render

    draw, wrong = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name, contextlib.chdir(name):
        folder = Path(name)
        script = write_show(folder, 4)
        job = Job(script, engine="hibari", store=folder / "store")

        def run() -> list[str]:
            told: list[str] = []
            render(job, lambda e: told.append(e.message) if isinstance(e, Warned) else None)
            return told

        run()
        whole = contents(folder / "dist")
        for _ in range(count):
            clips = [path for path in (folder / "store").rglob("*.wav") if path.is_file()]
            victim = draw.choice(sorted(clips))
            before = victim.read_bytes()
            harmed(victim, draw)
            same = victim.is_file() and not victim.is_symlink() and victim.read_bytes() == before
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    told = run()
            except Exception as error:  # what is counted
                wrong["failed renders"] += 1
                print(victim.parent.parent.name, repr(error), file=sys.stderr)
                shutil.rmtree(folder / "store")
                run()
                continue
            wrong["wrong episodes"] += contents(folder / "dist") != whole
            # A take is not read once it is dressed, nor a dressed clip once it is limited.
            read = victim.parents[1].name == "limited"
            wrong["silent repairs"] += read and not same and not any("corrupt" in t for t in told)
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for option, usual in (("kills", 40), ("pairs", 10), ("scripts", 500), ("damage", 60)):
        parser.add_argument(f"--{option}", type=int, default=usual)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    every = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    trials = {
        "kills": lambda: kills(given.kills, given.seed, every),
        "pairs": lambda: pairs(given.pairs, given.seed),
        "scripts": lambda: scripts(given.scripts, given.seed),
        "damage": lambda: damage(given.damage, given.seed),
    }
    found: dict[str, float] = {}
    for trial, begin_trial in trials.items():
        began = time.perf_counter()
        wrong = begin_trial()
        found |= {f"{trial}: {what}": count for what, count in wrong.items()}
        found[f"{trial}: tried"] = getattr(given, trial)
        print(f"{trial}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    Result("robustness", machine(), found).show()
