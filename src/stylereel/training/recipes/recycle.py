"""`recycle`: the field's baseline for videos, a look that is a film (Bansal et al. 2018, Recycle-GAN).

    adversarial  least squares, on two stylized frames and on the guess of the third
    prediction   in each domain a predictor learns to guess frame t+2 from t and t+1 (L1)
    recycle      content -> style at t and t+1, guessed on to t+2 there and brought back: content at t+2 (L1)
    cycle        content -> style -> content (L1); off by default

What holds a look together in time is learned from how both films go on: no optical flow, no pairs. Both
sides must be videos, and every batch has three consecutive frames of each. `generator` is what the pack
keeps; all else exists while training.

As in the paper: least squares, weights of 10, a pool of 50 past fakes, the betas, the schedule, all three
frames before the discriminators. Not as in the paper: the generator and its rate (as in `cyclegan`), small
predictors that guess a change, and batches of several crops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor, nn

from stylereel.data.batches import Batch, Moving
from stylereel.data.clip_crops import ClipWish
from stylereel.losses.adversarial import Objective, discriminator_loss, generator_loss
from stylereel.networks.chosen import GeneratorConfig, build_generator
from stylereel.networks.discriminators import patch
from stylereel.networks.generators import light
from stylereel.networks.margins import inner
from stylereel.networks.predictor import NextFrame
from stylereel.training.image_pool import ImagePool
from stylereel.training.phases import Phase


class Config(BaseModel):
    """Settings of the Recycle-GAN recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    generator: GeneratorConfig = light.Config()
    """Name and shape of both generators; generator.name=resnet is the paper's."""
    discriminator: patch.Config = patch.Config(scales=1, brush=False)
    """Shape of both discriminators; the paper has 64 channels."""
    adversarial: Objective = "lsgan"
    """Adversarial objective; the paper's is least squares."""
    # The paper's weights go with whole squares, (D - 1)^2, for the generators; `lsgan` has half of that.
    adversarial_weight: float = Field(default=2.0, ge=0)
    """Weight of the adversarial term, each way."""
    predictor_channels: int = Field(default=24, ge=4, le=128)
    """Channels of the predictors at half the resolution; twice and four times as many further down."""
    prediction_weight: float = Field(default=10.0, ge=0)
    """Weight of guessing a film's next frame, in each domain."""
    recycle_weight: float = Field(default=10.0, ge=0)
    """Weight of coming back, by way of a guess, to the next frame."""
    cycle_weight: float = Field(default=0.0, ge=0)
    """Weight of coming back to the same frame; costs two more passes where it is not 0."""
    pool_size: int = Field(default=50, ge=0)
    """Past fakes of each kind that the discriminators may be shown again; 0 shows the newest alone."""
    generator_rate: float = Field(default=1e-3, gt=0)
    """Adam step of the generators (their weights are demodulated, hence of unit scale)."""
    predictor_rate: float = Field(default=2e-4, gt=0)
    """Adam step of the predictors."""
    discriminator_rate: float = Field(default=2e-4, gt=0)
    """Adam step of the discriminators."""

    clips: ClassVar[ClipWish] = ClipWish(count=None, frames=3, flows=False, style=True, alone=True)
    """Three consecutive frames of content and of style, and nothing else."""

    @field_validator("generator")
    @classmethod
    def _no_anchors(cls, generator: BaseModel) -> BaseModel:
        if getattr(generator, "anchor_channels", 0):
            raise ValueError("this recipe trains without anchors: set generator.anchor_channels to 0")
        return generator


def distance(first: Tensor, second: Tensor) -> Tensor:
    """Mean absolute difference in float32, the margin left out."""
    return inner(first.float() - second.float()).abs().mean()


@dataclass(frozen=True)
class Journey:
    """One domain's film in the other, and back.

    Attributes:
        film: what it was, `(N, 3, 3, h, w)`.
        fakes: its first two frames in the other domain and the guess of the third, `(N, 3, 3, h, w)`.
        back: that guess in its own domain again, `(N, 3, h, w)`.
        guess: its own predictor's guess of its third frame, `(N, 3, h, w)`.
        same: its first two frames there and back, `(N, 2, 3, h, w)`; N = 0 without a cycle term.
    """

    film: Tensor
    fakes: Tensor
    back: Tensor
    guess: Tensor
    same: Tensor


@dataclass(frozen=True)
class Shared:
    """What both phases look at."""

    content: Journey
    style: Journey
    rng: torch.Generator


class Recipe:
    """See the module's docstring."""

    phases = (
        Phase("generator", trains=("generator", "back", "content_predictor", "style_predictor")),
        Phase("discriminator", trains=("discriminator", "content_discriminator")),
    )

    def __init__(self, config: Config | None = None, *, total_steps: int) -> None:
        self.config = config or Config()
        self.total_steps = max(1, total_steps)
        self.generator = build_generator(self.config.generator)
        self.back = build_generator(self.config.generator)
        self.content_predictor = NextFrame(self.config.predictor_channels)
        self.style_predictor = NextFrame(self.config.predictor_channels)
        self.discriminator = patch.Discriminator(self.config.discriminator)
        self.content_discriminator = patch.Discriminator(self.config.discriminator)
        self.style_pool = ImagePool(self.config.pool_size)
        self.content_pool = ImagePool(self.config.pool_size)
        self.modules: dict[str, nn.Module] = {
            "generator": self.generator,
            "back": self.back,
            "content_predictor": self.content_predictor,
            "style_predictor": self.style_predictor,
            "discriminator": self.discriminator,
            "content_discriminator": self.content_discriminator,
            "style_pool": self.style_pool,
            "content_pool": self.content_pool,
        }

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam with betas (0.5, 0.999), one optimizer per module."""
        settings = self.config
        rates = {
            "generator": settings.generator_rate,
            "back": settings.generator_rate,
            "content_predictor": settings.predictor_rate,
            "style_predictor": settings.predictor_rate,
            "discriminator": settings.discriminator_rate,
            "content_discriminator": settings.discriminator_rate,
        }
        return {
            name: torch.optim.Adam(self.modules[name].parameters(), lr=rate, betas=(0.5, 0.999))
            for name, rate in rates.items()
        }

    def learning_rate(self, name: str, step: int) -> float:
        """Factor on the rate: 1 for the first half of the run, then linearly towards 0."""
        return min(1.0, 2.0 * (1.0 - step / self.total_steps))

    def ema_decay(self, step: int) -> float:
        """Averages over about the last tenth of the run so far, at most 1,000 steps."""
        return min(0.999, (1 + step) / (10 + step))

    def forward(self, batch: Batch, step: int, rng: torch.Generator) -> Shared:
        """Both films into the other domain, guessed on there, and back."""
        content, style = _film(batch.moving), _film(batch.style_moving)
        return Shared(
            self._journey(content, self.generator, self.back, self.content_predictor, self.style_predictor),
            self._journey(style, self.back, self.generator, self.style_predictor, self.content_predictor),
            rng,
        )

    def _journey(
        self, film: Tensor, there: nn.Module, back: nn.Module, at_home: nn.Module, abroad: nn.Module
    ) -> Journey:
        two = there(film[:, :2].flatten(0, 1)).unflatten(0, (-1, 2))
        third = abroad(two)
        fakes = torch.cat([two, third[:, None].to(two.dtype)], dim=1)
        again = back(two.flatten(0, 1)).unflatten(0, (-1, 2)) if self.config.cycle_weight else two[:0]
        return Journey(film, fakes, back(third), at_home(film[:, :2]), again)

    def losses(self, phase: Phase, batch: Batch, shared: Shared, step: int) -> dict[str, Tensor]:
        """Named and weighted terms of a phase; the loop sums them."""
        content, style = shared.content, shared.style
        if phase.name == "discriminator":
            return {
                "adversarial": self._verdict(self.discriminator, self.style_pool, style, content, shared.rng),
                "adversarial_back": self._verdict(
                    self.content_discriminator, self.content_pool, content, style, shared.rng
                ),
            }
        there = self._terms(content, self.discriminator)
        back = self._terms(style, self.content_discriminator)
        return there | {f"{name}_back": term for name, term in back.items()}

    def _terms(self, journey: Journey, discriminator: nn.Module) -> dict[str, Tensor]:
        settings, film = self.config, journey.film
        logits = discriminator(inner(journey.fakes.flatten(0, 1).float()))
        terms = {
            "adversarial": settings.adversarial_weight * generator_loss(settings.adversarial, logits),
            "prediction": settings.prediction_weight * distance(journey.guess, film[:, 2]),
            "recycle": settings.recycle_weight * distance(journey.back, film[:, 2]),
        }
        if settings.cycle_weight:
            terms["cycle"] = settings.cycle_weight * distance(journey.same, film[:, :2])
        return terms

    def _verdict(
        self,
        discriminator: nn.Module,
        pool: ImagePool,
        at_home: Journey,
        guest: Journey,
        rng: torch.Generator,
    ) -> Tensor:
        """Real and fake in one pass; least squares are halved, as in the paper."""
        real, fake = at_home.film.flatten(0, 1), pool.exchange(guest.fakes.flatten(0, 1), rng)
        logits = discriminator(inner(torch.cat([real, fake])))
        of_real, of_fake = [m[: len(real)] for m in logits], [m[len(real) :] for m in logits]
        return discriminator_loss(self.config.adversarial, of_real, of_fake)

    def preview(self, generator: nn.Module, content: Tensor, first: int = 0) -> Tensor:
        """What a sheet shows: the averaged generator's output for held-out content."""
        with torch.no_grad():
            return generator(content).float().clamp(-1, 1)


def _film(moving: Moving | None) -> Tensor:
    if moving is None:
        raise ValueError("a batch of this recipe holds clips of content and of style")
    return moving.frames
