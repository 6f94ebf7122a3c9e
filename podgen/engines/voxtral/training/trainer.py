"""The training loop: one process for each device, all with the same command under torchrun."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from podgen.engines.voxtral.cloning import saving
from podgen.engines.voxtral.cloning.codec import Codec
from podgen.engines.voxtral.cloning.losses import Voices
from podgen.engines.voxtral.training.batches import Batch, batches
from podgen.engines.voxtral.training.critics import Critics
from podgen.engines.voxtral.training.data import Data, Pairs, Speech, whole_clip
from podgen.engines.voxtral.training.logbook import Logbook
from podgen.engines.voxtral.training.measure import Encode, Measured, measure
from podgen.engines.voxtral.training.objective import Objective
from podgen.engines.voxtral.training.processes import place
from podgen.engines.voxtral.training.recipe import Recipe
from podgen.engines.voxtral.training.weights import Average, TrainedEncoder
from podgen.errors import EngineError
from podgen.files import make_folder, whole_file, writing_failed

STATE = "state.pt"
ENCODER = "encoder.safetensors"
_VALIDATED = 16  # clips
_VALIDATED_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of the run, with its losses; figures on held-out speakers where it was validated."""

    step: int
    steps: int
    losses: dict[str, float]
    seconds: float
    measured: Measured | None = None


class Trainer:
    """An encoder on its way.

    Args:
        recipe: how.
        codec: what is frozen, on the device to train on.
        data: on what.
        folder: where state, losses and the encoder go.
        voices: the frozen speaker encoder.
        usual: distinct semantic codes of the checkpoint's own voices, to hold the encoder's to.

    Raises:
        EngineError: the folder holds a state of another recipe or model.
    """

    def __init__(
        self,
        recipe: Recipe,
        codec: Codec,
        data: Data,
        folder: Path,
        voices: Voices | None,
        usual: float | None = None,
    ) -> None:
        self._recipe, self._codec, self._data, self._folder = recipe, codec, data, folder
        self._voices, self._usual = voices, usual
        self._device = codec.decoder.codebooks.rows.device
        self._rank, self._world = place()
        dtype = getattr(torch, recipe.dtype)
        heard = data.listener.width if data.listener else 0
        encoder = TrainedEncoder(codec.params.codec, dtype, recipe.seed, recipe.layer_scale, heard)
        self.encoder = encoder.to(self._device)
        if recipe.fitted:
            draw = data.speech_batch if data.speech else data.pair_batch
            first = draw(recipe.clips, recipe.seconds, (recipe.seed, 0)).waves
            self.encoder.fit(first.to(self._device), codec.decoder.codebooks)
        self._objective = Objective(recipe, codec, voices, self.encoder.head)
        self._average = Average(self.encoder, recipe.ema)
        self._optimiser = torch.optim.AdamW(
            self.encoder.parameters(),
            recipe.rate,
            betas=recipe.betas,
            weight_decay=recipe.weight_decay,
        )
        self._critics: Critics | None = None
        if recipe.loss.feature and recipe.discriminator_start < recipe.steps:
            self._critics = Critics(recipe, self._device, self._world)
        self.step = 0
        make_folder(folder)
        if (folder / STATE).exists():
            self._load(folder / STATE)
        self._learning: nn.Module = self.encoder
        if self._world > 1:
            self._learning = DistributedDataParallel(self.encoder)

    def run(self, tell: Callable[[Progress], None] = lambda progress: None) -> Path:
        """Train to the end, and write the encoder.

        Raises:
            MachineError: the disk is full or cannot be written; the last state stays.
        """
        recipe = self._recipe
        logbook = Logbook(self._folder, self.step) if self._rank == 0 else None
        try:
            for parts in batches(recipe, self._data, self._rank, self.step):
                begun = perf_counter()
                losses = self._one(parts)
                self.step += 1
                if logbook is None:
                    continue
                last = self.step == recipe.steps
                measured = None
                if self.step % recipe.validate_every == 0 or last:
                    measured = self._validate(logbook)
                logbook.losses(self.step, losses)
                if self.step % recipe.save_every == 0 or last:
                    self._save()
                taken = perf_counter() - begun
                tell(Progress(self.step, recipe.steps, losses, taken, measured))
        except OSError as error:
            raise writing_failed(self._folder, error) from error
        finally:
            if logbook:
                logbook.close()
        path = self._folder / ENCODER
        if self._rank == 0:
            self.write(path)
        return path

    def write(self, path: Path) -> None:
        """Write the encoder, its running mean where there is one, in bfloat16."""
        with self._averaged():
            named = self.encoder.weights.named()
            tensors = {n: t.to("cpu", torch.bfloat16).contiguous() for n, t in named.items()}
        with whole_file(path) as temporary:
            temporary.write_bytes(save(tensors))

    def encode(self, clip: Tensor) -> Tensor:
        """Values of a clip as they will be served: one tanh, no other clip beside it."""
        latents = self.encoder(clip[None].to(self._device), [len(clip)])[0]
        return self._codec.decoder.codebooks.values(latents)

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The running mean in the parameters' place."""
        if not self._recipe.ema:
            yield
            return
        held = [p.detach().clone() for p in self.encoder.parameters()]
        self._average.into(self.encoder)
        try:
            yield
        finally:
            Average.put(self.encoder, held)

    def _one(self, parts: Sequence[Batch]) -> dict[str, float]:
        recipe, step = self._recipe, self.step
        rate = recipe.rate * _schedule(step, recipe)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        for part, (pairs, speech) in enumerate(parts):
            last = part == len(parts) - 1
            alone = isinstance(self._learning, DistributedDataParallel) and not last
            with self._learning.no_sync() if alone else nullcontext():  # type: ignore[operator]
                total, each, made = self._losses(pairs, speech, part)
                (total / len(parts)).backward()  # type: ignore[no-untyped-call]
            for name, value in each.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / len(parts)
            if self._critics is not None and speech is not None and made is not None:
                self._critics.learn(step, speech.waves, made.detach())
        norm = nn.utils.clip_grad_norm_(self.encoder.parameters(), recipe.clip)
        if bool(torch.isfinite(norm)):
            self._optimiser.step()
        if recipe.ema:
            self._average.add(self.encoder, step)
        return {**sums, "gradient": float(norm)}

    def _losses(
        self, pairs: Pairs | None, speech: Speech | None, part: int
    ) -> tuple[Tensor, dict[str, Tensor], Tensor | None]:
        """Encodes everything in one batch, so that several devices reduce gradients once."""
        waves, lengths = [], []
        for batch in (pairs, speech):
            if batch is not None:
                waves.append(batch.waves)
                lengths += batch.lengths
        together = nn.utils.rnn.pad_sequence(
            [wave for each in waves for wave in each], batch_first=True
        ).to(self._device)
        latents = self._encoded(together, lengths)
        total = latents.new_zeros(())
        each: dict[str, Tensor] = {}
        made = None
        first = len(pairs.waves) if pairs is not None else 0
        if pairs is not None:
            frames = pairs.mask.shape[1]
            found = self._objective.pairs(
                latents[:first, :frames], pairs.values.to(self._device), pairs.mask.to(self._device)
            )
            total, each = total + found.total, {**each, **found.each}
        if speech is not None:
            draw = torch.Generator().manual_seed(
                hash((self._recipe.seed, self.step, self._rank, part)) % 2**63
            )
            true = speech.waves.to(self._device)
            frames = -(-true.shape[1] // self._codec.params.codec.samples_per_frame)
            critics = self._critics.at(self.step) if self._critics else None
            found, made = self._objective.speech(
                latents[first:, :frames], true, self.step, draw, critics, speech.tokens
            )
            total, each = total + found.total, {**each, **found.each}
        return total, each, made

    def _encoded(self, waves: Tensor, lengths: Sequence[int]) -> Tensor:
        if not self._recipe.flattened:
            found: Tensor = self._learning(waves, lengths)
            return found
        step = self._codec.params.codec.samples_per_frame
        waves = nn.functional.pad(waves, (0, -waves.shape[1] % step))
        found = self._learning(waves.reshape(1, -1), [waves.numel()])
        return found.view(len(waves), -1, found.shape[-1])

    def _validate(self, logbook: Logbook | None) -> Measured | None:
        clips = self._data.validation[:: max(1, len(self._data.validation) // _VALIDATED)]
        if not clips:
            return None
        args = self._codec.params.codec
        waves = [
            whole_clip(c, args, _VALIDATED_SECONDS).to(self._device) for c in clips[:_VALIDATED]
        ]
        waves = [wave for wave in waves if len(wave) > args.sampling_rate // 2]
        encode: Encode = self.encode
        with self._averaged():
            measured, made = measure(self._codec, encode, waves, self._voices)
        if logbook:
            logbook.validation(self.step, {**asdict(measured), "codes_of_presets": self._usual})
            logbook.sound(self.step, "made", made[0], args.sampling_rate)
            if self.step <= self._recipe.validate_every:
                logbook.sound(self.step, "true", waves[0].cpu(), args.sampling_rate)
        return measured

    def _save(self) -> None:
        values: dict[str, Any] = {
            "step": self.step,
            "recipe": _sound_of(self._recipe),
            "encoder": self.encoder.state_dict(),
            "average": self._average.kept,
            "optimiser": self._optimiser.state_dict(),
            "balance": self._objective.state(),
        }
        if self._critics is not None:
            values["critics"] = self._critics.state()
        with whole_file(self._folder / STATE) as temporary:
            saving.save(values, temporary)

    def _load(self, path: Path) -> None:
        try:
            values = torch.load(path, map_location=self._device, weights_only=True)
            if values["recipe"] != _sound_of(self._recipe):
                raise ValueError("it is of another recipe")
            self.encoder.load_state_dict(values["encoder"])
            Average.copy(self._average.kept, values["average"])
            self._optimiser.load_state_dict(values["optimiser"])
            self._objective.load(values["balance"])
            if self._critics is not None:
                self._critics.load(values["critics"])
        except (OSError, RuntimeError, ValueError, KeyError, EOFError, TypeError) as error:
            raise EngineError(
                f"{path} cannot be taken up again ({str(error).splitlines()[0]})",
                "name another --out, or remove it",
            ) from None
        self.step = int(values["step"])


def _schedule(step: int, recipe: Recipe) -> float:
    """Warmup, then a cosine to a twentieth."""
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    share = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return 0.05 + 0.95 * (1 + math.cos(math.pi * share)) / 2


def _sound_of(recipe: Recipe) -> dict[str, Any]:
    """What of a recipe decides the losses."""
    return replace(recipe, about="", save_every=0, validate_every=0).values()
