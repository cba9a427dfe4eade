"""`unpaired`: learn a look from pictures that show other things than the content does.

    adversarial      the discriminators' verdict on brush (full detail) and picture (half size),
                     DiffAugmented; photographs, plain and sharpened, stand among the fakes
    features         Gram matrices of the discriminators' own features: strokes and palette early
    filters          Gram matrices of random filters at several scales: the same, against a fixed target
    texture          sliced Wasserstein distance of pyramid patches (off by default)
    nce              PatchNCE on the generator's own features: objects stay where and what they were
    palette          broad colours as often as the look uses them
    tone             dark stays darker than light, in the broad
    hue              what is bluer stays bluer, in the broad
    identity         a style picture must pass unchanged: keeps the palette honest
    motion           synthetic motion: the look of a moved picture is the moved look, ramped in
    real_motion      the same on the content's own videos, with their flow, at short and long gaps
    temporal         a discriminator's verdict on three frames: how the style, or a camera on it, moves

Nothing pretrained, nothing downloaded. Figures: Park et al. 2020 (PatchNCE), Wang et al.
2020 (motion), Huang et al. 2017 (real motion).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from torch import Tensor, nn

from stylereel.data.batches import Batch, Moving
from stylereel.data.clip_crops import ClipWish
from stylereel.losses.adversarial import Objective, discriminator_loss, generator_loss
from stylereel.losses.diff_augment import diff_augment
from stylereel.losses.gradient_penalty import r1_penalty
from stylereel.losses.gram import gram
from stylereel.losses.hue import hue
from stylereel.losses.palette import palette
from stylereel.losses.patch_nce import patch_nce
from stylereel.losses.real_motion import real_motion
from stylereel.losses.sharpened import sharpened
from stylereel.losses.sliced_wasserstein import sliced_wasserstein
from stylereel.losses.synthetic_motion import Motion, camera_path, disturbed, random_motion, synthetic_motion
from stylereel.losses.tone import tone
from stylereel.networks.chosen import DEFAULT_GENERATOR, GeneratorConfig, build_generator
from stylereel.networks.discriminators import patch
from stylereel.networks.generators import light
from stylereel.networks.margins import inner
from stylereel.networks.random_filters import RandomFilters
from stylereel.training.anchors import (
    anchor_maps,
    places_after_flow,
    places_after_motion,
    random_places,
    still_anchors,
)
from stylereel.training.phases import Phase
from stylereel.training.running_gram import RunningGram

TEMPORAL_FRAMES = 3
ANCHOR_CHANNELS = 4


class Config(BaseModel):
    """Settings of the unpaired recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    generator: GeneratorConfig = light.Config(anchor_channels=ANCHOR_CHANNELS)
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
    hue_weight: float = Field(default=0.0, ge=0)
    """Weight of keeping the order of broad hues: the sky stays the bluer part."""
    hue_start: float = Field(default=0.0, ge=0, le=1)
    """The part of the run after which it sets in: before, the palette is found freely."""
    palette_weight: float = Field(default=0.0, ge=0)
    """Weight of using the look's broad colours as often as the look does."""
    nce_fine: float = Field(default=0.1, ge=0)
    """Weight of PatchNCE's finest layer beside 1 for the coarse ones: low lets strokes replace texture."""
    identity_weight: float = Field(default=0.25, ge=0)
    """Weight of passing style pictures unchanged."""
    motion_weight: float = Field(default=8.0, ge=0)
    """Weight of the synthetic-motion term at the end of its ramp."""
    real_motion_weight: float = Field(default=8.0, ge=0)
    """Weight, at the end of the same ramp, of real motion: the content's videos, followed by their flow."""
    temporal_weight: float = Field(default=0.0, ge=0)
    """Weight of the discriminator of three frames; 0 leaves it out."""
    temporal: patch.Config = patch.Config(frames=3, scales=1, brush=False)
    """Shape of that discriminator."""
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

    @field_validator("generator", mode="before")
    @classmethod
    def _anchored(cls, shape: Any) -> Any:
        """A table that does not speak of anchors means the usual ones."""
        is_light = isinstance(shape, Mapping) and shape.get("name", DEFAULT_GENERATOR) == DEFAULT_GENERATOR
        return {"anchor_channels": ANCHOR_CHANNELS, **shape} if is_light else shape

    @model_validator(mode="after")
    def _frames_fit(self) -> Config:
        if self.temporal.frames != TEMPORAL_FRAMES or self.discriminator.frames != 1:
            raise ValueError(
                f"temporal.frames is {self.temporal.frames} and discriminator.frames is "
                f"{self.discriminator.frames}: they are {TEMPORAL_FRAMES} and 1 in this recipe"
            )
        return self

    @property
    def clips(self) -> ClipWish | None:
        """Two frames of a content clip, next to each other or five apart; three for the temporal verdict."""
        if self.temporal_weight:
            return ClipWish(count=1, frames=TEMPORAL_FRAMES, strides=(1, 2), style=True)
        return ClipWish(count=1, frames=2, strides=(1, 5)) if self.real_motion_weight else None


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


def _both_move(batch: Batch) -> bool:
    """Whether style and content are films, so that three frames of each can be compared."""
    return batch.moving is not None and batch.style_moving is not None


@dataclass(frozen=True)
class Shared:
    """What both phases look at."""

    content: Tensor  # (N, 3, h, w): the batch's, a clip's first frame last where there is one
    fake: Tensor  # of it
    fakes_of_moved: list[Tensor]  # of synthetic moves, one entry a move, of the first pictures of `content`
    fakes_of_later: Tensor  # (T-1, 3, h, w): of the clip's other frames; T = 1 without a clip
    identity: Tensor
    content_features: list[Tensor]
    motions: list[Motion]
    rng: torch.Generator


class Recipe:
    """See the module's docstring."""

    phases = (
        Phase("discriminator", trains=("discriminator",)),
        Phase("generator", trains=("generator", "projector")),
    )

    def __init__(
        self, config: Config | None = None, *, total_steps: int, generator: nn.Module | None = None
    ) -> None:
        """`generator`: to be trained instead of a new one of the shape that `config` states."""
        self.config = config or Config()
        self.total_steps = max(1, total_steps)
        self.generator: Any = build_generator(self.config.generator) if generator is None else generator
        self.anchor_channels = int(getattr(self.config.generator, "anchor_channels", 0))
        self.discriminator = patch.Discriminator(self.config.discriminator)
        self.temporal = patch.Discriminator(self.config.temporal) if self.config.temporal_weight else None
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
        if self.temporal is not None:
            self.modules["temporal"] = self.temporal
            self.phases = (
                Phase("discriminator", trains=("discriminator", "temporal")),
                Phase("generator", trains=("generator", "projector")),
            )

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam with betas (0.5, 0.99) for the game, one optimizer per module."""
        rates = {
            "generator": self.config.generator_rate,
            "discriminator": self.config.discriminator_rate,
            "projector": self.config.discriminator_rate,
        }
        if self.temporal is not None:
            rates["temporal"] = self.config.discriminator_rate
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

    def ramp(self, step: int, weight: float) -> float:
        """From `motion_start` to `weight` over the first 60 % of the run; 0 stays 0."""
        part = min(1.0, step / (0.6 * self.total_steps))
        start = min(self.config.motion_start, weight)
        return start + (weight - start) * part

    def forward(self, batch: Batch, step: int, rng: torch.Generator) -> Shared:
        """One pass of the generator over content, moved copies of it, a clip's later frames, some style."""
        content, style, later = batch.content, batch.style, batch.content[:0]
        if batch.moving is not None:
            clip = batch.moving.frames[0]
            kept = content[:-1] if len(content) > 1 else content
            content, later = torch.cat([kept, clip[:1]]), clip[1:]
        n, half = len(content), max(1, len(batch.content) // 2)
        motions = self._motions(batch, content, rng)
        moved = [disturbed(motion.warp(content[: len(motion.grid)]).clamp(-1, 1), rng) for motion in motions]
        parts = [content, *moved, later, style[:half]]
        anchors = self._anchors(content, motions, batch.moving, half, rng)
        if anchors is None:
            every, maps = self.generator.with_features(torch.cat(parts))
            keys = [values[:n].detach() for values in maps]
        else:  # what lies where is a question to the content alone
            every = self.generator(torch.cat(parts), anchors=anchors)
            with torch.no_grad():
                keys = self.generator.features(content)
        fake, *fakes_of_moved, fakes_of_later, identity = every.split([len(part) for part in parts])
        return Shared(content, fake, fakes_of_moved, fakes_of_later, identity, keys, motions, rng)

    def _motions(self, batch: Batch, content: Tensor, rng: torch.Generator) -> list[Motion]:
        """Of half of the content, or of one picture where a clip moves too; then a camera's, if judged."""
        n, _, height, width = content.shape
        moved = 1 if batch.moving is not None else max(1, n // 2)
        motions = [random_motion(moved, height, width, rng)]
        if self.temporal is not None and not _both_move(batch):
            motions += camera_path(1, height, width, TEMPORAL_FRAMES, rng)
        return [motion.to(content.device) for motion in motions]

    def _anchors(
        self, content: Tensor, motions: list[Motion], moving: Moving | None, styles: int, rng: torch.Generator
    ) -> Tensor | None:
        """Anchors of all that `forward` shows the generator, in its order; they move as the content does."""
        if not self.anchor_channels:
            return None
        height, width = content.shape[-2:]
        places = random_places(len(content) + styles, height, width, rng).to(content.device)
        places, of_styles = places[: len(content)], places[len(content) :]
        moved = [places_after_motion(places[: len(m.grid)], m.grid, rng) for m in motions]
        later = []
        if moving is not None:
            flow = moving.flow[0]
            for at in range(len(flow)):
                later.append(places_after_flow(later[-1] if later else places[-1:], flow[at : at + 1], rng))
        return anchor_maps(torch.cat([places, *moved, *later, of_styles]), self.anchor_channels)

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
        if self.temporal is not None:
            real = self.temporal(inner(self._real_triple(batch, shared)))
            fake = self.temporal(inner(self._fake_triple(batch, shared).detach()))
            terms["temporal"] = discriminator_loss(self.config.adversarial, real, fake)
        if self.config.r1_weight:
            terms["r1"] = self.config.r1_weight * r1_penalty(self.discriminator, batch.style)
        return terms

    def _generator_terms(self, batch: Batch, shared: Shared, step: int) -> dict[str, Tensor]:
        settings = self.config
        fake = shared.fake.float()
        logits, features = self.discriminator.with_features(diff_augment(inner(fake), shared.rng))
        terms = {
            "adversarial": settings.adversarial_weight * generator_loss(settings.adversarial, logits),
            "nce": settings.nce_weight * self._nce(shared.content_features, fake, shared.rng),
            "motion": self.ramp(step, settings.motion_weight) * self._synthetic_motion(fake, shared),
            "identity": settings.identity_weight
            * inner(shared.identity.float() - batch.style[: shared.identity.shape[0]]).abs().mean(),
        }
        if batch.moving is not None and settings.real_motion_weight:
            weight = self.ramp(step, settings.real_motion_weight)
            terms["real_motion"] = weight * self._real_motion(batch.moving, fake, shared)
        if self.temporal is not None:
            logits = self.temporal(inner(self._fake_triple(batch, shared)))
            terms["temporal"] = settings.temporal_weight * generator_loss(settings.adversarial, logits)
        fake, style = inner(fake), inner(batch.style)
        if settings.features_weight:
            terms["features"] = settings.features_weight * gram(features, self.style_features.means())
        if settings.filters_weight:
            if step < 64 or step % 4 == 0:  # the target stands still: a part of the style crops will do
                self.style_filters.update(self.filters(style))
            terms["filters"] = settings.filters_weight * gram(self.filters(fake), self.style_filters.means())
        if settings.tone_weight:
            terms["tone"] = settings.tone_weight * tone(fake, inner(shared.content))
        if settings.hue_weight and step >= settings.hue_start * self.total_steps:
            terms["hue"] = settings.hue_weight * hue(fake, inner(shared.content))
        if settings.palette_weight:
            terms["palette"] = settings.palette_weight * palette(fake, style, shared.rng)
        if settings.texture_weight:
            terms["texture"] = settings.texture_weight * sliced_wasserstein(fake, style, shared.rng)
        return terms

    def _synthetic_motion(self, fake: Tensor, shared: Shared) -> Tensor:
        """The still look leads, the moved one follows."""
        terms = [
            synthetic_motion(fake[: len(moved)].detach(), moved.float(), motion)
            for moved, motion in zip(shared.fakes_of_moved, shared.motions, strict=True)
        ]
        return torch.stack(terms).mean()

    def _real_motion(self, moving: Moving, fake: Tensor, shared: Shared) -> Tensor:
        """Each frame's look and the one before, both free to give way."""
        looks = torch.cat([fake[-1:], shared.fakes_of_later.float()])
        return real_motion(looks[:-1], looks[1:], moving.flow[0], moving.trusted[0])

    def _fake_triple(self, batch: Batch, shared: Shared) -> Tensor:
        """Three frames of our look, `(1, 9, h, w)`: a clip's where the style is a video, else a camera's."""
        if _both_move(batch):
            return torch.cat([shared.fake[-1:], *shared.fakes_of_later[:, None]], dim=1).float()
        return torch.cat([shared.fake[:1], *shared.fakes_of_moved[1:]], dim=1).float()

    def _real_triple(self, batch: Batch, shared: Shared) -> Tensor:
        """Three frames of the style, `(1, 9, h, w)`: its own where it is a video, else a camera's."""
        if batch.style_moving is not None and _both_move(batch):
            return batch.style_moving.frames[0].flatten(0, 1)[None]
        picture = batch.style[:1]
        height, width = picture.shape[-2:]
        path = camera_path(1, height, width, TEMPORAL_FRAMES, shared.rng)
        shown = [motion.to(picture.device).warp(picture).clamp(-1, 1) for motion in path]
        return torch.cat([picture, *shown], dim=1)

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

    def preview(self, generator: nn.Module, content: Tensor, first: int = 0) -> Tensor:
        """What a sheet shows: the averaged generator's output for held-out content."""
        with torch.no_grad():
            if not self.anchor_channels:
                return generator(content).float().clamp(-1, 1)
            anchors = still_anchors(content, self.anchor_channels)
            return generator(content, anchors=anchors).float().clamp(-1, 1)
