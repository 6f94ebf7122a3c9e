"""A fleet on Ray's own test cluster of several nodes: nothing is lost and nothing spoken twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from podgen.engines import create
from podgen.engines.base import Utterance
from podgen.engines.continuous import Asked, Part
from podgen.engines.fleet import FleetEngine  # before Ray, which it tells to report nothing
from podgen.engines.fleet.box import Box
from podgen.errors import EngineError
from tests.conftest import CommandLine
from tests.engines.fleet.slowed import SlowFleet, weighed
from tests.support.places import ROOT

ray = pytest.importorskip("ray", reason="the fleet is not installed")
psutil = pytest.importorskip("psutil")
pytest.importorskip("hibari", reason="the draft engine is not installed")

TURNS = 40
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without cores, to which tests add nodes."""
    from ray.cluster_utils import Cluster

    os.environ["PYTHONPATH"] = str(ROOT)
    head = {"num_cpus": 0, "include_dashboard": False, "include_log_monitor": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    try:
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the node's actors write what they spoke."""
    return tmp_path_factory.mktemp("fleet") / "spoken"


@pytest.fixture(scope="module")
def node(cluster: Any, log: Path) -> Any:
    """A node with room for one actor."""
    return cluster.add_node(num_cpus=2, env_vars={"PODGEN_TEST_LOG": str(log)})


def speakers(cluster: Any) -> list[Any]:
    """The processes of the cluster's actors."""
    session = cluster.head_node.get_session_dir_path()
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [""])[0].startswith("ray::Speaker"):
            parent = process.parent()
            if parent and session in " ".join(parent.cmdline()):
                found.append(process)
    return found


def spoken(process: subprocess.Popen[str], most: int = 1000) -> list[str]:
    """The turns that a render tells of, until there are `most`."""
    assert process.stdout
    turns: list[str] = []
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "spoke":
            turns.append(event["turn"])
            if len(turns) == most:
                break
    return turns


def test_whatever_dies_nothing_is_lost_and_nothing_spoken_twice(
    cluster: Any,
    podgen: CommandLine,
    write_show: Callable[..., Path],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The driver is killed, an actor is killed, a node is added, a node is killed."""
    first = cluster.add_node(num_cpus=2)
    lines = [
        (("ADA", "BEN")[n % 2], f"Rain falls on roof {WORDS[n // 10]} {WORDS[n % 10]} tonight.")
        for n in range(TURNS)
    ]
    script = write_show(lines)

    def start() -> subprocess.Popen[str]:
        slow = [sys.executable, "-m", "tests.engines.fleet.slowed", "render", str(script)]
        return subprocess.Popen(
            [*slow, "-e", "hibari", "--fleet", cluster.address, "--json", "-o", "out/show.wav"],
            cwd=tmp_path,
            env={**podgen.environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=(tmp_path / "err").open("w"),
            text=True,
        )

    driver = start()
    before = spoken(driver, 3)
    driver.kill()
    driver.wait()
    landed = len(list(podgen.store.rglob("takes/*/*.wav")))
    assert landed >= 3
    driver = start()
    after = spoken(driver, 2)
    speakers(cluster)[0].kill()
    after += spoken(driver, 2)
    request.getfixturevalue("node")
    cluster.remove_node(first, allow_graceful=False)
    after += spoken(driver)
    assert driver.wait() == 0, (tmp_path / "err").read_text()
    assert "others speak its turns" in (tmp_path / "err").read_text()
    assert not set(before) & set(after)
    assert len(after) == len(set(after)) == TURNS - landed
    local = CommandLine(tmp_path, tmp_path / "local")
    assert local("render", "-e", "hibari", script, "-o", "local/show.wav").code == 0
    made, wanted = (tmp_path / "out/show.wav", tmp_path / "local/show.wav")
    assert made.read_bytes() == wanted.read_bytes()
    keys = [
        sorted(p.name for p in store.rglob("takes/*/*.wav"))
        for store in (podgen.store, local.store)
    ]
    assert keys[0] == keys[1]


def test_a_turn_that_kills_three_actors_fails_by_name_and_the_others_are_spoken(
    cluster: Any, node: Any, log: Path
) -> None:
    """What an actor had spoken and not yet told when it died is spoken again, and heard once; a
    stream goes on where it was."""
    texts = ["Good morning to all.", "This is deadly.", "Good evening.", "Good night."]
    utterances = [Utterance(f"t{n}", text, "heart") for n, text in enumerate(texts)]
    stream = Utterance("t4", "This is fragile.", "heart")
    engine = SlowFleet(partial(create, "hibari"), cluster.address)
    local = {s.id: s.samples for s in create("hibari").synthesize([*utterances, stream])}
    heard = []
    log.unlink(missing_ok=True)
    try:
        inbox = Box(low=0)
        inbox.add([(Asked(stream, in_parts=True), True)])
        parts = []
        for part in engine.speak_from(inbox, 2):
            assert isinstance(part, Part)
            parts.append(part.samples)
            if part.last:
                break
        assert len(parts) == 2 and np.array_equal(np.concatenate(parts), local["t4"])
        assert log.read_text().splitlines().count(stream.text) == 2
        with pytest.raises(EngineError, match="turn t1: 3 actors of the fleet died of it"):
            for speech in engine.synthesize(utterances):
                heard.append((speech.id, speech.samples))
    finally:
        engine.close()
    assert log.read_text().splitlines().count(texts[0]) > 1
    assert sorted(one for one, _ in heard) == ["t0", "t2", "t3"]
    assert all(np.array_equal(samples, local[one]) for one, samples in heard)


def test_a_server_answers_from_the_fleet_and_a_node_with_other_weights_is_refused(
    cluster: Any, node: Any
) -> None:
    pytest.importorskip("fastapi", reason="the server is not installed")
    httpx = pytest.importorskip("httpx")
    from tests.support.running import running

    engine = create("hibari", {"fleet": {"address": cluster.address}})
    asked = {"input": "Rain. It falls on roofs.", "voice": "heart", "response_format": "pcm"}
    with running(create("hibari")) as server:
        wanted = server.speech(**asked).content
    with running(engine) as server:
        assert server.speech(**asked).content == wanted
        url = f"{server.url}/v1/audio/speech"
        with httpx.stream(
            "POST", url, json={**asked, "stream_format": "audio"}, timeout=60
        ) as answer:
            streamed = b"".join(answer.iter_bytes())
    assert len(streamed) == len(wanted)
    make = partial(weighed, partial(create, "hibari"))
    assert FleetEngine(make, cluster.address).availability().usable
    other = cluster.add_node(num_cpus=2, env_vars={"PODGEN_TEST_WEIGHTS": "others"})
    state = FleetEngine(make, cluster.address).availability()
    cluster.remove_node(other)
    assert not state.usable
    assert "its nodes are not alike: weights on" in state.reason and "others" in state.reason


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        ({"address": "here"}, "address cannot be `here`"),
        ({"core": 2}, "no setting `core`"),
        ({"cpus": 0}, "cpus cannot be `0`"),
        (3, "fleet cannot be `3`"),
    ],
)
def test_wrong_settings_are_told(fleet: object, said: str) -> None:
    with pytest.raises(EngineError, match=said):
        create("hibari", {"fleet": fleet})
    with pytest.raises(EngineError, match="its servers are its fleet"):
        create("remote", {"fleet": "auto"})


def test_an_address_without_a_cluster_is_a_machine_error(podgen: CommandLine) -> None:
    run = podgen("doctor", "--fleet", "127.0.0.1:1")
    assert run.code == 4, run.err
    assert "no fleet at 127.0.0.1:1" in run.err
