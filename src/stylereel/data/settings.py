"""How crops are cut: settings that people write in a preset or with `--set data.name=value`."""

from __future__ import annotations

from pydantic import Field, model_validator

from stylereel.core.settings import Settings


class DataSettings(Settings):
    """Crops, scales and memory of the training data."""

    crop_px: int = Field(default=128, ge=32, le=512, multiple_of=8)
    """Side of a training crop in pixels, a multiple of 8."""
    batch_size: int = Field(default=4, ge=1, le=64)
    """Crops of content, and as many of style, in one step."""
    content_short_side_px: tuple[int, int] = (256, 512)
    """A content crop is cut as if its picture's short side had a size drawn from this range (360p to 720p
    look)."""
    content_exposure_stops: float = Field(default=0.0, ge=0.0, le=4.0)
    """Content alone is darkened or brightened by up to this many stops, so that dark scenes are learned
    too."""
    style_scales: tuple[float, float] = (1.0, 2.8)
    """A style crop is cut from a region this many times the crop's side (drawn per crop), then reduced."""
    brush_size: float = Field(default=1.0, ge=0.25, le=4.0)
    """How large strokes come out: 1 is the size in the pictures as stored, 2 is twice as large."""
    style_max_short_side_px: int = Field(default=1024, ge=64)
    """Larger style pictures are reduced to this short side when they are read; `brush_size` counts from
    there."""
    flip: bool = True
    """Mirror half of the crops left to right."""
    stretch: float = Field(default=0.06, ge=0.0, le=0.3)
    """Crops are stretched along one axis by up to this fraction."""
    held_out: float = Field(default=0.1, gt=0.0, le=0.5)
    """Fraction of content and of style that the networks never train on; the health watches look there."""
    memory_gb: float = Field(default=2.0, gt=0.0)
    """Pictures kept decoded in memory; of larger sets a part is kept and exchanged while training."""
    clips_gb: float = Field(default=0.5, gt=0.0)
    """Runs of consecutive frames kept of the content's videos, for the terms that look at real motion."""
    flows_gb: float = Field(default=0.25, gt=0.0)
    """Optical flow kept between frames of those runs; what does not fit is computed again when needed."""
    frames_per_video: int = Field(default=96, ge=4)
    """Frames kept of each video, spread over the whole of it, near-duplicates left out."""

    @model_validator(mode="after")
    def _ranges_run_upwards(self) -> DataSettings:
        for name in ("content_short_side_px", "style_scales"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise ValueError(f"{name} is [{low}, {high}]: write it as [smallest, largest], both above 0")
        if self.content_short_side_px[0] < self.crop_px:
            raise ValueError(
                f"content_short_side_px starts at {self.content_short_side_px[0]}, below crop_px "
                f"{self.crop_px}: "
                "a crop cannot be larger than its picture; raise the one or lower the other"
            )
        return self
