"""How fast the model should be, by arithmetic."""

from __future__ import annotations

import re

import pytest

from podgen.engines.voxtral import VoxtralEngine
from podgen.engines.voxtral.bench import measure


@pytest.fixture
def rated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device of 4.8 TB/s and 400 TFLOP/s, for which the design states floors."""
    monkeypatch.setattr(measure, "copy_rate", lambda device, size: 4.8e12)
    monkeypatch.setattr(measure, "product_rate", lambda device, dtype, size: 400e12)


def rates(**settings: object) -> list[float]:
    line = VoxtralEngine({"device": "cpu", **settings}).outlook()
    return [float(rate) for rate in re.findall(r"([\d.]+) \(", line)]


@pytest.mark.usefixtures("rated")
def test_it_follows_from_bandwidth_and_products() -> None:
    """The published arithmetic: a real-time factor of 0.029, and about 900 s of sound a second."""
    one, many = rates(dtype="bfloat16", batch=128)
    assert 1 / one == pytest.approx(0.029, abs=0.001)
    assert 900 < many < 1200  # a quarter of the products is left out


@pytest.mark.usefixtures("rated")
def test_smaller_weights_and_larger_batches_are_faster() -> None:
    plain, fp8, int4 = (rates(dtype="bfloat16", quantise=q) for q in ("none", "fp8", "int4"))
    assert plain[0] < fp8[0] < int4[0]
    assert all(one < many for one, many in (plain, fp8, int4))


def test_without_a_gpu_it_is_the_cpus() -> None:
    line = VoxtralEngine({"device": "cpu"}).outlook()
    assert re.fullmatch(r"at best .* on cpu, by arithmetic from .* measured now; .*", line)
    one, many = rates()
    assert 0 < one <= many < 10


def test_a_device_that_is_not_there_promises_nothing() -> None:
    assert VoxtralEngine({"device": "cuda:99"}).outlook() == ""
