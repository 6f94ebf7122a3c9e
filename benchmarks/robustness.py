"""What breaks a render: kills, renders at once, mutated scripts, damaged clips, signals.

Counts what went wrong, which should be nothing: lost work, a wrong episode, files left over, a
traceback, a difference without a word. Everything is drawn from a fixed seed; the counts so far are
printed as each trial goes on, so that a run that is cut short still tells.

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
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.results import Result, machine
from podgen.render.store import Store

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


def begin(folder: Path) -> subprocess.Popen[bytes]:
    """A render in a process of its own, with a temporary folder of its own."""
    (folder / "tmp").mkdir(exist_ok=True)
    ours = {"PODGEN_STORE": str(folder / "store"), "TMPDIR": str(folder / "tmp")}
    return subprocess.Popen(
        [sys.executable, "-m", "podgen", "render", "-e", "hibari", "show.yaml"],
        cwd=folder,
        env={**os.environ, **ours, "PYTHONPATH": str(Path.cwd())},
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
    return [*folder.rglob(".writing-*"), *(folder / "tmp").iterdir()]


def spoilt(folder: Path) -> int:
    """Clips of the store that are not whole."""
    return sum(not whole for _, whole in Store(folder / "store").verify())


def expected(folder: Path) -> tuple[dict[str, bytes], float]:
    """What an undisturbed render makes, and how long it takes."""
    began = time.perf_counter()
    run = begin(folder)
    _, said = run.communicate()
    if run.returncode:
        raise SystemExit(said.decode())
    return contents(folder / "dist"), time.perf_counter() - began


def kills(count: int, seed: int) -> Iterator[Counter[str]]:
    """End renders at any moment, by signals in turn; then let one finish."""
    ends = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name:
        folder = Path(name)
        write_show(folder, 12)
        whole, seconds = expected(folder)
        for number in range(count):
            if number % 10 == 0:
                shutil.rmtree(folder / "store", ignore_errors=True)
            before = {entry.key for entry in Store(folder / "store").entries()}
            run = begin(folder)
            time.sleep(draw.uniform(0.3, 1.0) * seconds)
            run.send_signal(ends[number % len(ends)])
            _, said = run.communicate()
            after = {entry.key for entry in Store(folder / "store").entries()}
            yield Counter(
                {
                    "tracebacks": b"Traceback" in said,
                    "episodes that changed": contents(folder / "dist") != whole,
                    "clips lost": len(before - after),
                    "clips spoilt": spoilt(folder),
                }
            )
        run = begin(folder)
        run.communicate()
        yield Counter(
            {
                "renders that did not resume": run.returncode != 0,
                "wrong episodes": contents(folder / "dist") != whole,
                "left over": len(leftovers(folder)),
            }
        )


def pairs(count: int, seed: int) -> Iterator[Counter[str]]:
    """Two renders at once on one store and one output, one of them killed each second time."""
    draw = random.Random(seed)
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
            yield Counter(
                {
                    "failed renders": codes[1] != 0 or (codes[0] != 0 and not number % 2),
                    "wrong episodes": contents(folder / "dist") != whole,
                    "clips spoilt": spoilt(folder),
                }
            )
        begin(folder).communicate()
        yield Counter({"left over": len(leftovers(folder))})


def mutated(text: str, draw: random.Random) -> str:
    """A script with a few characters or lines changed."""
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(text))
        kind = draw.randrange(5)
        if kind == 0:
            text = text[:at] + text[at + draw.randint(1, 8) :]
        elif kind == 1:
            text = text[:at] + draw.choice(SIGNS) + text[at:]
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


def scripts(count: int, seed: int) -> Iterator[Counter[str]]:
    """Check mutated scripts in this process: each is sound, or refused with its place."""
    from podgen.errors import PodgenError
    from podgen.render.plan import check

    draw = random.Random(seed)
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
            wrong = Counter[str]()
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
            yield wrong


def harmed(path: Path, draw: random.Random) -> None:
    """Do something to a stored clip."""
    data = bytearray(path.read_bytes())
    harm: list[Callable[[], object]] = [
        lambda: data.__setitem__(draw.randrange(len(data)), draw.randrange(256)),
        lambda: data.__delitem__(slice(draw.randrange(len(data)), None)),
        lambda: data.extend(draw.randbytes(draw.randint(1, 999))),
        lambda: data.__setitem__(slice(0, draw.randint(1, 64)), b""),
        lambda: data.__setitem__(-draw.randint(1, 600), draw.randrange(256)),  # in the record
        data.clear,
        data.reverse,
    ]
    draw.choice(harm)()
    path.write_bytes(data)
    if draw.random() < 0.1:
        path.unlink()
        draw.choice([path.mkdir, lambda: os.mkfifo(path), lambda: path.symlink_to("/dev/zero")])()


def bytes_of(path: Path) -> bytes | None:
    """What is in a file; None if it is none."""
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


def damage(count: int, seed: int) -> Iterator[Counter[str]]:
    """Damage a clip of the store and render: the same episode, and it says so."""
    from podgen.render.events import Warned
    from podgen.render.pipeline import Job, render

    draw = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="podgen-bench-") as name, contextlib.chdir(name):
        folder = Path(name)
        script = write_show(folder, 4)
        job = Job([script], engine="hibari", store=folder / "store")

        def run() -> list[str]:
            told: list[str] = []
            render(job, lambda e: told.append(e.message) if isinstance(e, Warned) else None)
            return told

        run()
        whole = contents(folder / "dist")
        originals = {path: path.read_bytes() for path in (folder / "store").rglob("*.wav")}
        for _ in range(count):
            victim = draw.choice(sorted(path for path in originals if path.is_file()))
            harmed(victim, draw)
            harmless = bytes_of(victim) == originals[victim]
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    told = run()
            except Exception as error:  # what is counted
                print(victim.parent.parent.name, repr(error), file=sys.stderr)
                shutil.rmtree(folder / "store")
                run()
                yield Counter({"failed renders": 1})
                continue
            # A take is not read once it is dressed, and then stays as it is.
            mended = not harmless and bytes_of(victim) == originals[victim]
            yield Counter(
                {
                    "wrong episodes": contents(folder / "dist") != whole,
                    "silent repairs": mended and not any("corrupt" in each for each in told),
                }
            )


TRIALS = {"kills": kills, "pairs": pairs, "scripts": scripts, "damage": damage}
USUAL = {"kills": 40, "pairs": 10, "scripts": 500, "damage": 60}


def run() -> None:
    """Do each trial, telling ten times how it goes."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in USUAL.items():
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found: dict[str, float] = {}
    for name, trial in TRIALS.items():
        count, began, wrong = getattr(given, name), time.perf_counter(), Counter[str]()
        if not count:
            continue
        for tried, result in enumerate(trial(count, given.seed), 1):
            wrong.update(result)
            if tried >= count or tried % max(1, count // 10) == 0:
                seconds = time.perf_counter() - began
                print(f"{name}: {min(tried, count)} in {seconds:.0f} s, {dict(wrong)}", flush=True)
        found |= {f"{name}: {what}": number for what, number in wrong.items()}
        found[f"{name}: tried"] = count
    Result("robustness", machine(), found).show()


if __name__ == "__main__":
    run()
