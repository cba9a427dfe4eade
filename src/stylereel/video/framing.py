"""Which part of the picture is shown, how large, and on which canvas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from stylereel.core import pixels
from stylereel.core.errors import SizeChangedError, UsageError
from stylereel.core.frames import Frame
from stylereel.video.info import SourceInfo
from stylereel.video.picture import Picture

Fit = Literal["crop", "pad"]
FITS: tuple[Fit, ...] = ("crop", "pad")

_BOX = re.compile(r"(\d{1,5})[xX](\d{1,5})(?:\+(\d{1,5})\+(\d{1,5}))?")
_ASPECT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?):(\d{1,4}(?:\.\d{1,4})?)")
_HOW = "write WIDTHxHEIGHT (centred), WIDTHxHEIGHT+X+Y, or an aspect such as 9:16"


@dataclass(frozen=True)
class Crop:
    """The part that is kept, as the user said it.

    Attributes:
        size: `(width, height)` in pixels of the upright source, or None.
        place: `(x, y)` of the top left corner, or None for the middle.
        aspect: width by height as seen, or None.
    """

    size: tuple[int, int] | None = None
    place: tuple[int, int] | None = None
    aspect: Fraction | None = None

    @classmethod
    def parsed(cls, text: str | None) -> Crop | None:
        """From "640x480", "640x480+10+20" or "9:16"; `UsageError` where it is none of these."""
        if text is None:
            return None
        if match := _ASPECT.fullmatch(text.strip()):
            width, height = Fraction(match[1]), Fraction(match[2])
            if width > 0 and height > 0:
                return cls(aspect=width / height)
        elif match := _BOX.fullmatch(text.strip()):
            size = int(match[1]), int(match[2])
            if min(size) > 0:
                return cls(size, None if match[3] is None else (int(match[3]), int(match[4])))
        raise UsageError(f"crop is {text!r}: {_HOW}.")

    def box(self, info: SourceInfo) -> tuple[int, int, int, int]:
        """`(x, y, width, height)` in pixels of the upright source; `UsageError` where it lies outside."""
        if self.aspect is not None:
            size = _largest(info.width, info.height, self.aspect / info.sample_aspect_ratio)
        else:
            assert self.size is not None
            size = self.size
        x, y = self.place or ((info.width - size[0]) // 2, (info.height - size[1]) // 2)
        if x < 0 or y < 0 or x + size[0] > info.width or y + size[1] > info.height:
            place = f"+{x}+{y}" if self.place else ""
            raise UsageError(
                f"crop {size[0]}x{size[1]}{place} does not lie inside the picture, which is "
                f"{info.width}x{info.height}: make it smaller, or {_HOW}."
            )
        return x, y, size[0], size[1]


@dataclass(frozen=True)
class Framing:
    """Crop, then scale, then (after the look) pad.

    Attributes:
        source: `(width, height)` of the upright source, pixels.
        box: `(x, y, width, height)` that is cut out of the upright source, pixels.
        inner: `(width, height)` that it is scaled to: what the look is laid over.
        canvas: `(width, height)` of the output.
        is_square: the output's pixels are square, whatever the source's are.
    """

    source: tuple[int, int]
    box: tuple[int, int, int, int]
    inner: tuple[int, int]
    canvas: tuple[int, int]
    is_square: bool = False

    @classmethod
    def planned(
        cls,
        info: SourceInfo,
        *,
        crop: Crop | None = None,
        size: tuple[int, int] | None = None,
        fit: Fit = "crop",
        max_side: int | None = None,
    ) -> Framing:
        """What becomes of a source's pictures.

        Args:
            info: of the source.
            crop: the part that is kept; None for all of it.
            size: of the output; None leaves it to the crop and `max_side`.
            fit: how a picture of another aspect comes to `size`: "crop" fills it and cuts off what is over,
                "pad" shows all of it between black bars.
            max_side: the longer side is at most this; not beside `size`.

        Raises:
            UsageError: a crop that does not lie in the picture.
        """
        source = info.width, info.height
        box = (0, 0, info.width, info.height) if crop is None else crop.box(info)
        if size is None:
            inner = pixels.fitted_size(box[2], box[3], max_side)
            return cls(source, box, inner, inner)
        aspect = Fraction(*size) / info.sample_aspect_ratio  # in the source's pixels
        if fit == "crop":
            width, height = _largest(box[2], box[3], aspect)
            x, y = box[0] + (box[2] - width) // 2, box[1] + (box[3] - height) // 2
            return cls(source, (x, y, width, height), size, size, True)
        shape = Fraction(box[2], box[3]) * info.sample_aspect_ratio
        if shape >= Fraction(*size):
            inner = size[0], _even(size[0] / shape, size[1])
        else:
            inner = _even(size[1] * shape, size[0]), size[1]
        return cls(source, box, inner, size, True)

    def info(self, info: SourceInfo) -> SourceInfo:
        """The source as its frames come out."""
        aspect = Fraction(1) if self.is_square else info.sample_aspect_ratio
        return replace(info, width=self.canvas[0], height=self.canvas[1], sample_aspect_ratio=aspect)

    def before(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Cut out and scale; a frame that comes with the same arrays again leaves with the same ones."""
        last: Frame | None = None
        made: Picture | None = None
        for frame in frames:
            if frame.pixels.shape[:2] != self.source[::-1]:
                raise SizeChangedError(
                    f"a picture of {frame.pixels.shape[1]}x{frame.pixels.shape[0]} came where all should be "
                    f"{self.source[0]}x{self.source[1]}: crop and preset need pictures of one size"
                )
            is_again = last is not None and frame.pixels is last.pixels and frame.mask is last.mask
            if made is None or not is_again:
                made = Picture.of_frame(frame).cropped(*self.box).resized(*self.inner)
            last = frame
            yield made.at_the_time_of(frame)

    def after(self, batches: Iterator[list[Frame]]) -> Iterator[list[Frame]]:
        """Lay on the canvas: a stage."""
        left, top = (self.canvas[0] - self.inner[0]) // 2, (self.canvas[1] - self.inner[1]) // 2
        for batch in batches:
            yield [
                Picture.of_frame(frame).padded(left, top, *self.canvas).at_the_time_of(frame)
                for frame in batch
            ]

    @property
    def pads(self) -> bool:
        """True where bars are added."""
        return self.inner != self.canvas


def _largest(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """The largest part of an aspect (in pixels) that lies in a picture; even where it is cut."""
    if Fraction(width, height) > aspect:
        return _even(height * aspect, width), height
    return width, _even(width / aspect, height)


def _even(side: Fraction, most: int) -> int:
    """The nearest even number within 2..`most`; `most` itself where that is nearest, or less than 2."""
    if side >= most or most < 2:
        return most
    return max(2, min(2 * round(side / 2), most))
