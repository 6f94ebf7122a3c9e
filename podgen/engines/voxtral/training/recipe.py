"""What an encoder is trained by: losses and their weights, schedule, quantisation, from a file.

Recipes that come along lie in `recipes/` beside this module; a file of one's own may say only what
differs, `base` naming the one that it differs from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from podgen.errors import ScriptError

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True, slots=True)
class Losses:
    """Weights; 0 leaves a term out. Those on codes need pairs, all others speech."""

    codes_semantic: float = 0.0
    """Cross entropy of the right code by distance to the codebook's rows, and that distance."""
    codes_levels: float = 0.0
    """Squared difference of the acoustic numbers from their levels."""
    mel: float = 0.0
    stft: float = 0.0
    wave: float = 0.0
    speaker: float = 0.0
    """One minus the cosine of a frozen speaker encoder's vectors."""
    feature: float = 0.0
    """Difference of the discriminators' activations."""
    commit: float = 0.0
    """Squared distance to the nearest row of the codebook, in parts of a row's own square."""
    asr: float = 0.0
    """One minus the cosine between a speech recogniser's states and what a matrix makes of the
    semantic rows at their places."""
    diversity: float = 0.0
    """How far the soft usage of codes is from all alike, in parts of the largest entropy."""
    acoustic_shape: float = 0.0
    """|mean| + |deviation - 0.55| of the acoustic numbers."""
    semantic_spread: float = 0.0
    """|deviation of the semantic part / the codebook's - 1|."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """See the recipes' files for what each means."""

    about: str = ""
    steps: int = 100_000
    clips: int = 8
    seconds: float = 8.0
    pairs: float = 0.5
    rate: float = 3e-4
    betas: tuple[float, float] = (0.8, 0.99)
    weight_decay: float = 1e-4
    warmup: int = 500
    clip: float = 1.0
    accumulate: int = 1
    ema: float = 0.999
    dtype: str = "bfloat16"
    layer_scale: float = 0.01
    fitted: bool = False
    quantised: float = 0.5
    noised: float = 0.25
    semantic_quantised: float = 0.5
    inner_tanh: float = 0.0
    flattened: bool = False
    balanced: bool = False
    speaker_every: int = 1
    asr_heads: str = "aligned"
    discriminator_channels: int = 64
    discriminator_start: int = 2000
    discriminator_every: int = 2
    fade: float = 1.0
    seed: int = 0
    save_every: int = 500
    validate_every: int = 2000
    held_out: float = 0.05
    loss: Losses = field(default_factory=Losses)

    def with_values(self, values: Mapping[str, Any]) -> Recipe:
        """The recipe with some values others, as a file has them."""
        return _over(self, values, "the recipe")

    def values(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def read_recipe(name: str) -> Recipe:
    """A recipe by its name among those that come along, or by its file's path.

    Raises:
        ScriptError: there is none, or it says something unknown or impossible.
    """
    path = RECIPES / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        known = ", ".join(sorted(found.stem for found in RECIPES.glob("*.toml")))
        raise ScriptError(f"no recipe {name}", f"give a file, or one of {known}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path}: {error}", "see the recipes that come along") from None
    base = values.pop("base", None)
    start = Recipe() if base is None else read_recipe(str(base))
    return _over(start, values, str(path))


def _over(recipe: Recipe, values: Mapping[str, Any], where: str) -> Recipe:
    rest = {key: value for key, value in values.items() if key != "loss"}
    loss = values.get("loss", {})
    if not isinstance(loss, Mapping):
        raise ScriptError(f"{where}: loss is {loss!r}", "write [loss] and the weights under it")
    _check(rest, recipe, where)
    _check(loss, recipe.loss, f"{where}: loss")
    made = replace(
        recipe, **_typed(rest, recipe), loss=replace(recipe.loss, **_typed(loss, recipe.loss))
    )
    for fault, what in (
        (made.steps < 1 or made.clips < 1 or made.accumulate < 1, "steps, clips, accumulate: 1 up"),
        (made.seconds < 0.5, "seconds: 0.5 and more"),
        (not 0 <= made.pairs <= 1, "pairs is a share, 0 to 1"),
        (made.quantised + made.noised > 1, "quantised and noised are shares of one"),
        (made.dtype not in ("bfloat16", "float32"), "dtype: bfloat16 or float32"),
        (made.asr_heads not in ("aligned", "last"), "asr_heads: aligned or last"),
    ):
        if fault:
            raise ScriptError(f"{where} cannot be followed", what)
    return made


def _check(values: Mapping[str, Any], of: Recipe | Losses, where: str) -> None:
    known = {f.name: getattr(of, f.name) for f in fields(of)}
    for key, value in values.items():
        if key not in known:
            near = get_close_matches(key, known, 1)
            remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise ScriptError(f"{where}: unknown {key}", remedy)
        wanted = known[key]
        right = (
            isinstance(value, bool) == isinstance(wanted, bool)
            and isinstance(value, (int, float) if isinstance(wanted, float) else type(wanted))
        ) or (isinstance(wanted, tuple) and isinstance(value, list | tuple) and len(value) == 2)
        if not right:
            raise ScriptError(f"{where}: {key} is {value!r}", f"give it as {wanted!r} is")


def _typed(values: Mapping[str, Any], of: Recipe | Losses) -> dict[str, Any]:
    return {
        key: tuple(value) if isinstance(value, list) else type(getattr(of, key))(value)
        for key, value in values.items()
    }
