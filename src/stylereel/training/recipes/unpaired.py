"""`unpaired`: learn a look from pictures that show other things than the content does.

    adversarial      the discriminators' verdict on brush (full detail) and picture (half size),
                     DiffAugmented; photographs, plain and sharpened, stand among the fakes
    features         Gram matrices of the discriminators' own features: strokes and palette early
    filters          Gram matrices of random filters at several scales: the same, against a fixed target
    texture          sliced Wasserstein distance of pyramid patches (off by default)
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
from stylereel.losses.gram import gram
from stylereel.losses.palette import palette
from stylereel.losses.patch_nce import patch_nce
from stylereel.losses.sharpened import sharpened
from stylereel.losses.sliced_wasserstein import sliced_wasserstein
from stylereel.losses.synthetic_motion import Motion, disturbed, random_motion, synthetic_motion
from stylereel.losses.tone import tone
from stylereel.networks.chosen import GeneratorConfig, build_generator
from stylereel.networks.discriminators import patch
from stylereel.networks.generators import light
from stylereel.networks.random_filters import RandomFilters
from stylereel.training.phases import Phase
from stylereel.training.running_gram import RunningGram

EDGE_PX = 8


class Config(BaseModel):
    """Settings of the unpaired recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    generator: GeneratorConfig = light.Config()
    """Name and shape of the generator."""
    discriminator: patch.Config = patch.Config()
    """Shape of the discriminators."""
    adversarial: Objective = "hinge"
    """Adversarial objective."""
    adversarial_weight: float = Field(default=1.5, ge=0)
    """Weight of the adversarial term."""
    features_weight: float = Field(default=3.0, ge=0)
    """Weight of the Gram matrices of the discriminators' features: the palette and the stroke, learned."""
    filters_weight: float = Field(default=2.0, ge=0)
    """Weight of the Gram matrices of fixed random filters: a target that stands still from the start."""
    texture_weight: float = Field(default=0.0, ge=0)
    """Weight of the sliced Wasserstein patch term."""
    photographs: float = Field(default=0.5, ge=0, le=1)
    """Photographs, plain and sharpened, that the discriminators see as fakes beside the generator's, as a
    part of the batch."""
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
    nce_patches: int = Field(default=128, ge=8)
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
    content_features: list[Tensor]
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
        self.generator = build_generator(self.config.generator)
        self.discriminator = patch.Discriminator(self.config.discriminator)
        self.projector = Projector(self.generator.feature_channels)
        self.filters = RandomFilters()
        self.style_filters = RunningGram(self.filters.channels, decay=0.99)
        self.style_features = RunningGram(self.discriminator.feature_channels, decay=0.9)
        self.modules: dict[str, nn.Module] = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "projector": self.projector,
            "filters": self.filters,
            "style_filters": self.style_filters,
            "style_features": self.style_features,
        }

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam with betas (0.5, 0.99) for the game, one optimizer per module."""
        rates = {
            "generator": self.config.generator_rate,
            "discriminator": self.config.discriminator_rate,
            "projector": self.config.discriminator_rate,
        }
        return {
            name: torch.optim.Adam(self.modules[name].parameters(), lr=rate, betas=(0.5, 0.99))
            for name, rate in rates.items()
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
        every, maps = self.generator.with_features(torch.cat([content, moved, style[:half]]))
        keys = [values[:n].detach() for values in maps]
        return Shared(every[:n], every[n : n + half], every[n + half :], keys, motion, rng)

    def losses(self, phase: Phase, batch: Batch, shared: Shared, step: int) -> dict[str, Tensor]:
        """Named and weighted terms of a phase; the loop sums them."""
        if phase.name == "discriminator":
            return self._discriminator_terms(batch, shared)
        return self._generator_terms(batch, shared, step)

    def _discriminator_terms(self, batch: Batch, shared: Shared) -> dict[str, Tensor]:
        n = batch.style.shape[0]
        fakes = [shared.fake.detach().float()]
        if count := round(self.config.photographs * n):
            fakes.append(sharpened(batch.content[-count:], shared.rng))
        both = diff_augment(inner(torch.cat([batch.style, *fakes])), shared.rng)
        logits, features = self.discriminator.with_features(both)
        if self.config.features_weight:
            self.style_features.update([maps[:n] for maps in features])
        terms = {
            "adversarial": discriminator_loss(
                self.config.adversarial, [m[:n] for m in logits], [m[n:] for m in logits]
            )
        }
        if self.config.r1_weight:
            terms["r1"] = self.config.r1_weight * r1_penalty(self.discriminator, batch.style)
        return terms

    def _generator_terms(self, batch: Batch, shared: Shared, step: int) -> dict[str, Tensor]:
        settings = self.config
        fake = shared.fake.float()
        logits, features = self.discriminator.with_features(diff_augment(inner(fake), shared.rng))
        look = fake[: shared.fake_of_moved.shape[0]].detach()  # the still look leads, the moved one follows
        terms = {
            "adversarial": settings.adversarial_weight * generator_loss(settings.adversarial, logits),
            "nce": settings.nce_weight * self._nce(shared.content_features, fake, shared.rng),
            "motion": self.motion_weight(step)
            * synthetic_motion(look, shared.fake_of_moved.float(), shared.motion),
            "identity": settings.identity_weight
            * inner(shared.identity.float() - batch.style[: shared.identity.shape[0]]).abs().mean(),
        }
        fake, style = inner(fake), inner(batch.style)
        if settings.features_weight:
            terms["features"] = settings.features_weight * gram(features, self.style_features.means())
        if settings.filters_weight:
            if step < 64 or step % 4 == 0:  # the target stands still: a part of the style crops will do
                self.style_filters.update(self.filters(style))
            terms["filters"] = settings.filters_weight * gram(self.filters(fake), self.style_filters.means())
        if settings.tone_weight:
            terms["tone"] = settings.tone_weight * tone(fake, inner(batch.content))
        if settings.palette_weight:
            terms["palette"] = settings.palette_weight * palette(fake, style, shared.rng)
        if settings.texture_weight:
            terms["texture"] = settings.texture_weight * sliced_wasserstein(fake, style, shared.rng)
        return terms

    def _nce(self, content_features: list[Tensor], fake: Tensor, rng: torch.Generator) -> Tensor:
        maps = self.generator.features(fake)
        sizes = [values.shape[-2] * values.shape[-1] for values in maps]
        places = [torch.randperm(size, generator=rng)[: self.config.nce_patches] for size in sizes]
        with torch.no_grad():
            keys = self.projector(content_features, places)
        queries = self.projector(maps, places)
        weights = [self.config.nce_fine] + [1.0] * (len(maps) - 1)
        terms = [w * patch_nce(q, k) for w, q, k in zip(weights, queries, keys, strict=True)]
        return torch.stack(terms).sum() / sum(weights)

    def preview(self, generator: nn.Module, content: Tensor) -> Tensor:
        """What a sheet shows: the averaged generator's output for held-out content."""
        with torch.no_grad():
            return generator(content).float().clamp(-1, 1)
