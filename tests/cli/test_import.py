"""`podgen import` as a writer uses it: a source becomes a script that passes check and renders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.conftest import CommandLine

for package in ("lxml", "screenplain", "webvtt"):
    pytest.importorskip(package, reason="podgen[import] is not installed")

SOURCES = Path(__file__).parents[1] / "show" / "sources"
PUBLIC_DOMAIN = ["earnest.txt", "macbeth.fountain", "daffodils.ssml"]


@pytest.mark.parametrize("name", [path.name for path in sorted(SOURCES.iterdir())])
def test_what_is_imported_passes_check(podgen: CommandLine, name: str) -> None:
    run = podgen("import", SOURCES / name, "-o", "show.yaml", "--json")
    assert run.code == 0, run.err
    checked = podgen("check", "show.yaml", "--json")
    assert checked.code == 0, checked.err
    assert checked.events[-1]["turns"] == run.events[-1]["turns"]
    lines = (SOURCES / name).read_text().count("\n")
    assert all(1 <= event["line"] <= lines for event in run.named("left"))


@pytest.mark.parametrize("name", PUBLIC_DOMAIN)
def test_public_domain_scripts_render(podgen: CommandLine, name: str) -> None:
    pytest.importorskip("onnxruntime", reason="the engines are not installed")
    assert podgen("import", SOURCES / name, "-o", "show.yaml").code == 0
    run = podgen("render", "show.yaml", "-e", "hibari", "--json")
    assert run.code == 0, run.err
    report = json.loads((podgen.folder / "dist/show/report.json").read_text())
    assert report["passed"]


def test_a_cast_is_proposed_and_decided(podgen: CommandLine) -> None:
    source = podgen.folder / "play.md"
    source.write_text("**Anna:** Hello.\n\n**Ben:** Hello.\n\n**Xq:** Who?\n\n**Zq:** And me.\n")
    run = podgen(
        "import",
        source,
        "-o",
        "show.yaml",
        "--cast",
        "xq=bm_george",
        "--cast",
        "Zq=remote/my-voice",
    )
    assert run.code == 0, run.err
    cast = yaml.safe_load((podgen.folder / "show.yaml").read_text())["cast"]
    voices = {name: entry["voices"]["kokoro"] for name, entry in cast.items() if name != "Zq"}
    assert voices["Anna"].startswith(("af_", "bf_"))
    assert voices["Ben"].startswith(("am_", "bm_")) and voices["Ben"] != "bm_george"
    assert voices["Xq"] == "bm_george"
    assert cast["Zq"]["voices"] == {"remote": "my-voice"}

    wrong = podgen("import", source, "-o", "other.yaml", "--cast", "Anna=af_hart")
    assert (wrong.code, wrong.err.strip()) == (
        2, "--cast Anna=af_hart: no voice 'af_hart'; did you mean 'af_heart'?",
    )  # fmt: skip
    assert not (podgen.folder / "other.yaml").exists()


def test_a_voices_file_that_knows_the_speakers_is_left_to_it(podgen: CommandLine) -> None:
    (podgen.folder / "voices.yaml").write_text(
        "characters:\n  Anna: {aliases: [ANNE], voices: {kokoro: af_heart, hibari: heart}}\n"
    )
    (podgen.folder / "play.txt").write_text("ANNE: Hello.\nBEN: Hello.\n")
    assert podgen("import", "play.txt", "-o", "show.yaml").code == 0
    assert set(yaml.safe_load((podgen.folder / "show.yaml").read_text())["cast"]) == {"BEN"}


def test_an_engine_of_that_language(podgen: CommandLine) -> None:
    (podgen.folder / "play.txt").write_text("LUNA: Buenas noches.\nTEJO: Hola.\n")
    run = podgen("import", "play.txt", "-o", "show.yaml", "--language", "es", "--json")
    cast = run.events[-1]["cast"]
    assert cast["LUNA"]["voxtral"] == "es_female" and cast["TEJO"]["voxtral"] == "es_male"
    assert "hibari" not in cast["LUNA"]
    nobody = podgen("import", "play.txt", "-o", "other.yaml", "--language", "fi")
    assert "no voice here speaks 'fi' for LUNA, TEJO: give --cast" in nobody.err


def test_directions_are_instructions_where_the_engine_takes_them(podgen: CommandLine) -> None:
    (podgen.folder / "play.txt").write_text("ADA (whispering): Hello.\n")
    run = podgen("import", "play.txt", "-o", "show.yaml", "-e", "remote", "--cast", "ADA=remote/x")
    assert run.code == 0, run.err
    script = yaml.safe_load((podgen.folder / "show.yaml").read_text())
    assert script["turns"] == [{"ADA": {"text": "Hello.", "instructions": "whispering"}}]


def test_importing_again_keeps_the_take(podgen: CommandLine) -> None:
    pytest.importorskip("onnxruntime", reason="the engines are not installed")
    source = podgen.folder / "play.txt"
    shutil.copy(SOURCES / "earnest.txt", source)
    assert podgen("import", source, "-o", "show.yaml").code == 0
    turn = next(
        line.split("  ")[0]
        for line in podgen("check", "show.yaml", "--spoken").out.splitlines()
        if line.endswith("listen, sir.")
    )
    (podgen.folder / "show.lock.yaml").write_text(
        f"turns:\n  {turn}:\n    kokoro: {{take: 2, seed: 1000, text: x}}\n"
    )
    source.write_text(source.read_text().replace("polite to listen", "proper to listen"))
    again = podgen("import", source, "-o", "show.yaml", "--json")
    assert again.events[-1]["changes"] == {"changed": 1, "added": 0, "removed": 0}
    spoken = podgen("check", "show.yaml", "--spoken").out
    assert f"{turn}  LANE: I didn't think it proper to listen, sir." in spoken
    listed = podgen("takes", "show.yaml", turn, "-e", "kokoro", "--json")
    assert [event["take"] for event in listed.events if event["chosen"]] == [2]


def test_without_the_extra_the_remedy_is_named(podgen: CommandLine) -> None:
    (podgen.folder / "lxml.py").write_text("raise ImportError")
    run = podgen(
        "import", SOURCES / "daffodils.ssml", "-o", "show.yaml", PYTHONPATH=str(podgen.folder)
    )
    assert (run.code, run.err.strip()) == (
        4, "reading SSML needs lxml; pip install 'podgen[import]'",
    )  # fmt: skip
