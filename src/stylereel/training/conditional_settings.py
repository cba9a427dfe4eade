"""Settings of the conditional recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from stylereel.data.clip_crops import ClipWish
from stylereel.losses.adversarial import Objective
from stylereel.networks.discriminators import patch
from stylereel.networks.generators import conditional
from stylereel.networks.style_encoders import texture
from stylereel.training.looks import Shares

ANCHOR_CHANNELS = 4


class Config(BaseModel):
    """Settings of the conditional recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    styles: tuple[str, ...] = Field(default=("first", "second"), min_length=1, max_length=64)
    """Names of the styles, in the order of their labels; filled in from the folders' names."""
    generator: conditional.Config = conditional.Config(anchor_channels=ANCHOR_CHANNELS, padding="replicate")
    """Shape of the generator."""
    discriminator: patch.Config = patch.Config(channels=48)
    """Shape of the discriminators; their heads are as many as styles."""
    encoder: texture.Config = texture.Config()
    """Shape of the style encoder; its code is as long as the generator's."""
    shares: Shares = Shares()
    """Which part of the batch is shown in which kind of look."""
    adversarial: Objective = "hinge"
    """Adversarial objective."""
    adversarial_weight: float = Field(default=2.0, ge=0)
    """Weight of the adversarial term."""
    features_weight: float = Field(default=4.0, ge=0)
    """Weight of the Gram matrices of the discriminators' features."""
    filters_weight: float = Field(default=4.0, ge=0)
    """Weight of the Gram matrices of fixed random filters."""
    photographs: float = Field(default=0.5, ge=0, le=1)
    """Photographs that the discriminators see as fakes, as a part of the batch."""
    misnamed: float = Field(default=0.25, ge=0, le=1)
    """Style pictures that they see as fakes under the name of another style, as a part of the batch."""
    nce_weight: float = Field(default=0.15, ge=0)
    """Weight of PatchNCE."""
    nce_fine: float = Field(default=0.0, ge=0)
    """Weight of PatchNCE's finest layer beside 1 for the coarse ones."""
    tone_weight: float = Field(default=1.5, ge=0)
    """Weight of keeping the order of broad tones."""
    hue_weight: float = Field(default=0.5, ge=0)
    """Weight of keeping the order of broad hues; less in looks that have less colour."""
    hue_start: float = Field(default=0.5, ge=0, le=1)
    """The part of the run after which it sets in."""
    palette_weight: float = Field(default=0.75, ge=0)
    """Weight of using a look's broad colours as often as the look does."""
    teacher_weight: float = Field(default=8.0, ge=0)
    """Weight of doing as a style's own network does, for styles that have one (`teacher` of a style)."""
    identity_weight: float = Field(default=0.25, ge=0)
    """Weight of passing style pictures unchanged under their own name."""
    photograph_weight: float = Field(default=4.0, ge=0)
    """Weight of passing photographs unchanged under the photograph's code."""
    code_weight: float = Field(default=0.3, ge=0)
    """Weight of reading the code back off the output."""
    near_weight: float = Field(default=0.1, ge=0)
    """Weight of what the encoder reads off a style's pictures lying near the style's named code."""
    diversity_weight: float = Field(default=0.3, ge=0)
    """Weight of the difference between two variations; falls to 0 over the run."""
    motion_weight: float = Field(default=6.0, ge=0)
    """Weight of the synthetic-motion term at the end of its ramp."""
    real_motion_weight: float = Field(default=6.0, ge=0)
    """Weight of real motion at the end of the same ramp."""
    motion_start: float = Field(default=1.0, ge=0)
    """Both weights at the beginning."""
    code_jitter: float = Field(default=0.05, ge=0)
    """Standard deviation by which codes move between a frame and the next, in the motion terms."""
    clip_windows: int = Field(default=1, ge=1, le=16)
    """Windows of the content's videos in a batch."""
    r1_weight: float = Field(default=0.0, ge=0)
    """Weight of R1 on real pictures; 0 leaves it out: spectral norm bounds the discriminators."""
    generator_rate: float = Field(default=1e-3, gt=0)
    """Adam step of the generator, its codes and the encoder."""
    discriminator_rate: float = Field(default=1e-3, gt=0)
    """Adam step of the discriminators."""
    nce_patches: int = Field(default=128, ge=8)
    """Places per picture and layer for PatchNCE."""

    @field_validator("generator", mode="before")
    @classmethod
    def _steered(cls, shape: Any) -> Any:
        """A table may name the generator, as other recipes' do; there is but one that takes codes."""
        if not isinstance(shape, Mapping):
            return shape
        name = shape.get("name", "conditional")
        if name != "conditional":
            raise ValueError(f"this recipe trains the generator 'conditional', not '{name}'")
        return {"anchor_channels": ANCHOR_CHANNELS, **{k: v for k, v in shape.items() if k != "name"}}

    @property
    def clips(self) -> ClipWish | None:
        """Two frames of content clips, next to each other or five apart."""
        if not self.real_motion_weight:
            return None
        return ClipWish(count=self.clip_windows, frames=2, strides=(1, 5))
