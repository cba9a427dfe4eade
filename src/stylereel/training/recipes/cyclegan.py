"""`cyclegan`: the field's baseline for unpaired pictures (Zhu et al. 2017), to compare with.

    adversarial  least squares: each generator against the discriminator of the domain that it paints
    cycle        content -> style -> content must come back, and style -> content -> style (L1)
    identity     a style picture passes the generator unchanged, a photograph the one back (L1)

`generator` paints content in the style and is what the pack keeps; `back` makes photographs of style pictures
and is there for the cycle alone. The discriminators also see fakes of the past, from a pool of 50. No term
asks for strokes or for what holds still in video: that is what `unpaired` adds to the field.

As in the paper: the weights of the terms, the pool, the betas, the flat first half and the linear second,
70-px patches. Not as in the paper: see `generator` and `generator_rate` below; batches of several crops; and
discriminators with spectral norm in place of instance norm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor, nn

from stylereel.data.batches import Batch
from stylereel.losses.adversarial import Objective, discriminator_loss, generator_loss
from stylereel.networks.chosen import GeneratorConfig, build_generator
from stylereel.networks.discriminators import patch
from stylereel.networks.generators import light
from stylereel.networks.margins import inner
from stylereel.training.image_pool import ImagePool
from stylereel.training.phases import Phase


class Config(BaseModel):
    """Settings of the CycleGAN recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    # A step runs three passes of two generators. With the paper's `resnet` it takes a CPU twelve times as
    # long, so the default is the network that also runs in real time. generator.name=resnet is the paper's.
    generator: GeneratorConfig = light.Config()
    """Name and shape of both generators."""
    discriminator: patch.Config = patch.Config(scales=1, brush=False)
    """Shape of both discriminators; the paper has 64 channels."""
    adversarial: Objective = "lsgan"
    """Adversarial objective; the paper's is least squares."""
    # The paper's weights go with whole squares, (D - 1)^2, for the generators; `lsgan` has half of that.
    adversarial_weight: float = Field(default=2.0, ge=0)
    """Weight of the adversarial term, each way."""
    cycle_weight: float = Field(default=10.0, ge=0)
    """Weight of coming back unchanged, each way."""
    identity_weight: float = Field(default=0.5, ge=0)
    """Weight of leaving alone what is in the target's domain already, as a part of `cycle_weight`."""
    pool_size: int = Field(default=50, ge=0)
    """Past fakes of each kind that the discriminators may be shown again; 0 shows the newest alone."""
    # The paper's 2e-4 is for weights drawn with a deviation of 0.02. Ours are demodulated, of unit scale: the
    # same step would be a fiftieth of it.
    generator_rate: float = Field(default=1e-3, gt=0)
    """Adam step of the generators."""
    discriminator_rate: float = Field(default=2e-4, gt=0)
    """Adam step of the discriminators."""

    clips: ClassVar[None] = None
    """It knows pictures alone."""

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
class Shared:
    """What both phases look at; `(N, 3, h, w)` each."""

    fake_style: Tensor
    fake_content: Tensor
    same_style: Tensor
    same_content: Tensor
    cycled_content: Tensor
    cycled_style: Tensor
    rng: torch.Generator


class Recipe:
    """See the module's docstring."""

    phases = (
        Phase("generator", trains=("generator", "back")),
        Phase("discriminator", trains=("discriminator", "content_discriminator")),
    )

    def __init__(self, config: Config | None = None, *, total_steps: int) -> None:
        self.config = config or Config()
        self.total_steps = max(1, total_steps)
        self.generator = build_generator(self.config.generator)
        self.back = build_generator(self.config.generator)
        self.discriminator = patch.Discriminator(self.config.discriminator)
        self.content_discriminator = patch.Discriminator(self.config.discriminator)
        self.style_pool = ImagePool(self.config.pool_size)
        self.content_pool = ImagePool(self.config.pool_size)
        self.modules: dict[str, nn.Module] = {
            "generator": self.generator,
            "back": self.back,
            "discriminator": self.discriminator,
            "content_discriminator": self.content_discriminator,
            "style_pool": self.style_pool,
            "content_pool": self.content_pool,
        }

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam with betas (0.5, 0.999), one optimizer per module."""
        rates = {
            "generator": self.config.generator_rate,
            "back": self.config.generator_rate,
            "discriminator": self.config.discriminator_rate,
            "content_discriminator": self.config.discriminator_rate,
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
        """Both ways, there and back, and each domain through the network that paints it."""
        content, style = batch.content, batch.style
        fake_style, same_style = self.generator(torch.cat([content, style])).split(len(content))
        fake_content, same_content = self.back(torch.cat([style, content])).split(len(style))
        cycled_content, cycled_style = self.back(fake_style), self.generator(fake_content)
        return Shared(fake_style, fake_content, same_style, same_content, cycled_content, cycled_style, rng)

    def losses(self, phase: Phase, batch: Batch, shared: Shared, step: int) -> dict[str, Tensor]:
        """Named and weighted terms of a phase; the loop sums them."""
        if phase.name == "discriminator":
            return self._discriminator_terms(batch, shared)
        return self._generator_terms(batch, shared)

    def _generator_terms(self, batch: Batch, shared: Shared) -> dict[str, Tensor]:
        cycle, same = self.config.cycle_weight, self.config.cycle_weight * self.config.identity_weight
        terms = {
            "adversarial": self._pleasing(self.discriminator, shared.fake_style),
            "adversarial_back": self._pleasing(self.content_discriminator, shared.fake_content),
            "cycle": cycle * distance(shared.cycled_content, batch.content),
            "cycle_back": cycle * distance(shared.cycled_style, batch.style),
        }
        if same:
            terms["identity"] = same * distance(shared.same_style, batch.style)
            terms["identity_back"] = same * distance(shared.same_content, batch.content)
        return terms

    def _discriminator_terms(self, batch: Batch, shared: Shared) -> dict[str, Tensor]:
        fake_style = self.style_pool.exchange(shared.fake_style, shared.rng)
        fake_content = self.content_pool.exchange(shared.fake_content, shared.rng)
        return {
            "adversarial": self._verdict(self.discriminator, batch.style, fake_style),
            "adversarial_back": self._verdict(self.content_discriminator, batch.content, fake_content),
        }

    def _pleasing(self, discriminator: nn.Module, fake: Tensor) -> Tensor:
        logits = discriminator(inner(fake.float()))
        return self.config.adversarial_weight * generator_loss(self.config.adversarial, logits)

    def _verdict(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Real and fake in one pass; least squares are halved, as in the paper."""
        logits = discriminator(inner(torch.cat([real, fake])))
        of_real, of_fake = [m[: len(real)] for m in logits], [m[len(real) :] for m in logits]
        return discriminator_loss(self.config.adversarial, of_real, of_fake)

    def preview(self, generator: nn.Module, content: Tensor, first: int = 0) -> Tensor:
        """What a sheet shows: the averaged generator's output for held-out content."""
        with torch.no_grad():
            return generator(content).float().clamp(-1, 1)
