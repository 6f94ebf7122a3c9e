"""The discriminators in a run: from which step on they are asked, and how they learn."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from podgen.engines.voxtral.training.discriminator import Discriminators, hinge
from podgen.engines.voxtral.training.recipe import Recipe


class Critics:
    """Discriminators of a recipe and their optimiser.

    Args:
        recipe: how many channels, from which step on, how often they learn, how fast.
        device: where.
        world: processes that train together.
    """

    def __init__(self, recipe: Recipe, device: torch.device, world: int) -> None:
        self._recipe, self._device = recipe, device
        torch.manual_seed(recipe.seed)
        self._each = Discriminators(recipe.discriminator_channels).to(device)
        self._optimiser = torch.optim.AdamW(
            self._each.parameters(), recipe.rate, betas=recipe.betas
        )
        self._learning: nn.Module = self._each
        if world > 1:
            self._learning = DistributedDataParallel(self._each)

    def at(self, step: int) -> Discriminators | None:
        """Them, once they are asked."""
        return self._each if step >= self._recipe.discriminator_start else None

    def learn(self, step: int, true: Tensor, made: Tensor) -> None:
        """Learn to tell speech [clips, samples] from what was made of it, in steps that are due."""
        if self.at(step) is None or step % self._recipe.discriminator_every:
            return
        self._optimiser.zero_grad(set_to_none=True)
        both = self._learning(torch.cat([true.to(self._device), made]))
        count = len(true)
        real = [[layer[:count] for layer in stack] for stack in both]
        fake = [[layer[count:] for layer in stack] for stack in both]
        hinge(real, fake).backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    def state(self) -> dict[str, Any]:
        """To be kept with the run's."""
        return {"weights": self._each.state_dict(), "optimiser": self._optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self._each.load_state_dict(state["weights"])
        self._optimiser.load_state_dict(state["optimiser"])
