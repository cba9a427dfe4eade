"""`unpaired`: learn a look from pictures that show other things than the content does.

    adversarial      the discriminators' verdict on brush (full detail) and picture (half size), DiffAugmented
    texture          sliced Wasserstein distance of pyramid patches: strokes early; a tint cannot fool it
    nce              PatchNCE on the generator's own features: objects stay where and what they were
    palette          broad colours as often as the look uses them
    tone             dark stays darker than light, in the broad
    identity         a style picture must pass unchanged: keeps the palette honest
    motion           synthetic motion: the look of a moved picture is the moved look, ramped in

Nothing pretrained, nothing downloaded. Figures: Park et al. 2020 (PatchNCE), Wang et al. 2020 (motion).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from stylereel.data.batches import Batch
from stylereel.losses.adversarial import Objective, discriminator_loss, generator_loss
from stylereel.losses.diff_augment import diff_augment
from stylereel.losses.gradient_penalty import r1_penalty
from stylereel.losses.palette import palette
from stylereel.losses.patch_nce import patch_nce
from stylereel.losses.sliced_wasserstein import sliced_wasserstein
from stylereel.losses.synthetic_motion import Motion, disturbed, random_motion, synthetic_motion
from stylereel.losses.tone import tone
from stylereel.networks.discriminators import patch
from stylereel.networks.generators import light
from stylereel.training.phases import Phase

EDGE_PX = 8


class Config(BaseModel):
    """Settings of the unpaired recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    generator: light.Config = light.Config()
    """Shape of the generator."""
    discriminator: patch.Config = patch.Config()
    """Shape of the discriminators."""
    adversarial: Objective = "hinge"
    """Adversarial objective."""
    adversarial_weight: float = Field(default=1.5, ge=0)
    """Weight of the adversarial term."""
    texture_weight: float = Field(default=2.0, ge=0)
    """Weight of the sliced Wasserstein patch term."""
    nce_weight: float = Field(default=0.4, ge=0)
    """Weight of PatchNCE."""
    tone_weight: float = Field(default=0.5, ge=0)
    """Weight of keeping the order of broad tones: dark stays dark, faces stay readable."""
    palette_weight: float = Field(default=0.0, ge=0)
    """Weight of using the look's broad colours as often as the look does."""
    nce_fine: float = Field(default=0.1, ge=0)
    """Weight of PatchNCE's finest layer beside 1 for the coarse ones: low lets strokes replace texture."""
    identity_weight: float = Field(default=0.25, ge=0)
    """Weight of passing style pictures unchanged."""
    motion_weight: float = Field(default=8.0, ge=0)
    """Weight of the synthetic-motion term at the end of its ramp."""
    motion_start: float = Field(default=1.0, ge=0)
    """Its weight at the beginning: strokes may be born before they must hold still."""
    r1_weight: float = Field(default=0.0, ge=0)
    """Weight of R1 on real pictures; 0 leaves it out."""
    generator_rate: float = Field(default=1e-3, gt=0)
    """Adam step of the generator (its weights are demodulated, hence of unit scale)."""
    discriminator_rate: float = Field(default=1e-3, gt=0)
    """Adam step of the discriminators."""
    nce_patches: int = Field(default=192, ge=8)
    """Places per picture and layer for PatchNCE."""


def inner(pictures: Tensor) -> Tensor:
    """Without the margin where zero padding speaks: not judged in training, nor shown by a runner."""
    return pictures[..., EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX]


class Projector(nn.Module):
    """A two-layer head per feature map that turns a place's features into a unit vector."""

    def __init__(self, channels: list[int], width: int = 128) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(before, width), nn.ReLU(), nn.Linear(width, width)) for before in channels
        )

    def forward(self, maps: list[Tensor], places: list[Tensor]) -> list[Tensor]:
        """Maps `(N, C, h, w)` and flat places `(P,)` per map to unit vectors `(N, P, width)`."""
        vectors = []
        for head, values, where in zip(self.heads, maps, places, strict=True):
            chosen = values.flatten(2)[:, :, where].transpose(1, 2)
            vectors.append(F.normalize(head(chosen).float(), dim=-1))
        return vectors


@dataclass(frozen=True)
class Shared:
    """What both phases look at."""

    fake: Tensor
    fake_of_moved: Tensor
    identity: Tensor
    motion: Motion
    rng: torch.Generator


class Recipe:
    """See the module's docstring."""

    phases = (
        Phase("discriminator", trains=("discriminator",)),
        Phase("generator", trains=("generator", "projector")),
    )

    def __init__(self, config: Config | None = None, *, total_steps: int) -> None:
        self.config = config or Config()
        self.total_steps = max(1, total_steps)
        self.generator = light.Generator(self.config.generator)
        self.discriminator = patch.Discriminator(self.config.discriminator)
        self.projector = Projector(self.generator.feature_channels)
        self.modules: dict[str, nn.Module] = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "projector": self.projector,
        }

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam with betas (0.5, 0.99) for the game, one optimizer per module."""
        rates = {
            "generator": self.config.generator_rate,
            "discriminator": self.config.discriminator_rate,
            "projector": self.config.discriminator_rate,
        }
        return {
            name: torch.optim.Adam(module.parameters(), lr=rates[name], betas=(0.5, 0.99))
            for name, module in self.modules.items()
        }

    def learning_rate(self, name: str, step: int) -> float:
        """Factor on the rate: a short warm-up, flat for half, then a cosine to a twentieth."""
        warm = min(1.0, (step + 1) / 100)
        progress = step / self.total_steps
        fall = max(0.0, (progress - 0.5) / 0.5)
        return warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, fall))))

    def ema_decay(self, step: int) -> float:
        """Averages over about the last tenth of the run so far, at most 1,000 steps."""
        return min(0.999, (1 + step) / (10 + step))

    def motion_weight(self, step: int) -> float:
        """Ramps from `motion_start` to `motion_weight` over the first 60 % of the run."""
        part = min(1.0, step / (0.6 * self.total_steps))
        return self.config.motion_start + (self.config.motion_weight - self.config.motion_start) * part

    def forward(self, batch: Batch, step: int, rng: torch.Generator) -> Shared:
        """One pass of the generator over content, half of its moved copies and half of the style pictures."""
        content, style = batch.content, batch.style
        n, _, height, width = content.shape
        half = max(1, n // 2)
        motion = random_motion(half, height, width, rng).to(content.device)
        moved = disturbed(motion.warp(content[:half]).clamp(-1, 1), rng)
        every = self.generator(torch.cat([content, moved, style[:half]]))
        return Shared(every[:n], every[n : n + half], every[n + half :], motion, rng)

    def losses(self, phase: Phase, batch: Batch, shared: Shared, step: int) -> dict[str, Tensor]:
        """Named and weighted terms of a phase; the loop sums them."""
        if phase.name == "discriminator":
            return self._discriminator_terms(batch, shared)
        return self._generator_terms(batch, shared, step)

    def _discriminator_terms(self, batch: Batch, shared: Shared) -> dict[str, Tensor]:
        n = batch.style.shape[0]
        both = inner(torch.cat([batch.style, shared.fake.detach().float()]))
        maps = self.discriminator(diff_augment(both, shared.rng))
        terms = {
            "adversarial": discriminator_loss(
                self.config.adversarial, [m[:n] for m in maps], [m[n:] for m in maps]
            )
        }
        if self.config.r1_weight:
            terms["r1"] = self.config.r1_weight * r1_penalty(self.discriminator, batch.style)
        return terms

    def _generator_terms(self, batch: Batch, shared: Shared, step: int) -> dict[str, Tensor]:
        settings = self.config
        fake = shared.fake.float()
        logits = self.discriminator(diff_augment(inner(fake), shared.rng))
        look = fake[: shared.fake_of_moved.shape[0]].detach()  # the still look leads, the moved one follows
        terms = {
            "adversarial": settings.adversarial_weight * generator_loss(settings.adversarial, logits),
            "nce": settings.nce_weight * self._nce(batch.content, fake, shared.rng),
            "motion": self.motion_weight(step)
            * synthetic_motion(look, shared.fake_of_moved.float(), shared.motion),
            "identity": settings.identity_weight
            * inner(shared.identity.float() - batch.style[: shared.identity.shape[0]]).abs().mean(),
        }
        if settings.tone_weight:
            terms["tone"] = settings.tone_weight * tone(inner(fake), inner(batch.content))
        if settings.palette_weight:
            terms["palette"] = settings.palette_weight * palette(inner(fake), inner(batch.style), shared.rng)
        if settings.texture_weight:
            terms["texture"] = settings.texture_weight * sliced_wasserstein(
                inner(fake), inner(batch.style), shared.rng
            )
        return terms

    def _nce(self, content: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
        maps = self.generator.features(torch.cat([content, fake]))
        n = content.shape[0]
        sizes = [values.shape[-2] * values.shape[-1] for values in maps]
        places = [torch.randperm(size, generator=rng)[: self.config.nce_patches] for size in sizes]
        vectors = self.projector(maps, places)
        weights = [self.config.nce_fine] + [1.0] * (len(maps) - 1)
        terms = [weight * patch_nce(v[n:], v[:n]) for weight, v in zip(weights, vectors, strict=True)]
        return torch.stack(terms).sum() / sum(weights)

    def preview(self, generator: nn.Module, content: Tensor) -> Tensor:
        """What a sheet shows: the averaged generator's output for held-out content."""
        with torch.no_grad():
            return generator(content).float().clamp(-1, 1)
