"""Every conversion of pixels: Y'CbCr planes to RGB and back, depth, size, orientation, float.

Chroma of 4:2:0 and 4:2:2 is sited as MPEG-2, H.264, HEVC and AV1 site it by default: horizontally on the
even luma columns, vertically (4:2:0) half-way between two rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

from stylereel.core.color import LUMA_WEIGHTS, ColorTags

Chroma = Literal["420", "422", "444"]

DEEP_PEAK = 255 * 256
"""Full scale of RGB and opacity that are kept as uint16: 8-bit levels times 256."""


def _luma_weights(matrix: str) -> tuple[float, float]:
    if matrix not in LUMA_WEIGHTS:
        raise ValueError(
            f"no conversion for the colour matrix {matrix!r}; known: {', '.join(LUMA_WEIGHTS)}. "
            "Use ColorTags.resolved or ColorTags.for_encoding first"
        )
    return LUMA_WEIGHTS[matrix]


def _levels(value_range: str, bit_depth: int) -> tuple[float, float, float, float]:
    """Black, luma span, chroma centre and chroma span of Y'CbCr code values (H.273 section 8.3)."""
    if value_range == "full":
        peak = float((1 << bit_depth) - 1)
        return 0.0, peak, float(1 << (bit_depth - 1)), peak
    scale = float(1 << (bit_depth - 8))
    return 16 * scale, 219 * scale, 128 * scale, 224 * scale


def rgb_to_yuv_matrix(tags: ColorTags, bit_depth: int) -> np.ndarray:
    """`(3, 4)` float64: full-range R'G'B' in [0, 1] with a 1 appended -> Y'CbCr code values.

    Y' = Kr R' + Kg G' + Kb B';  Cb = (B' - Y') / (2 (1 - Kb));  Cr = (R' - Y') / (2 (1 - Kr))
    (H.273 equations 38 to 40), then scaled to the range.
    """
    kr, kb = _luma_weights(tags.matrix)
    black, luma_span, center, chroma_span = _levels(tags.range, bit_depth)
    luma = np.array([kr, 1 - kr - kb, kb])
    cb = (np.array([0.0, 0.0, 1.0]) - luma) / (2 * (1 - kb))
    cr = (np.array([1.0, 0.0, 0.0]) - luma) / (2 * (1 - kr))
    linear = np.stack([luma * luma_span, cb * chroma_span, cr * chroma_span])
    return np.concatenate([linear, [[black], [center], [center]]], axis=1)


def yuv_to_rgb_matrix(tags: ColorTags, bit_depth: int) -> np.ndarray:
    """`(3, 4)` float64, the inverse of `rgb_to_yuv_matrix`: code values -> R'G'B' in [0, 1]."""
    forward = rgb_to_yuv_matrix(tags, bit_depth)
    inverse = np.linalg.inv(forward[:, :3])
    return np.concatenate([inverse, -inverse @ forward[:, 3:]], axis=1)


def chroma_size(width: int, height: int, chroma: Chroma) -> tuple[int, int]:
    """`(width, height)` of a chroma plane; odd luma sizes round up."""
    return (
        (width + 1) // 2 if chroma in ("420", "422") else width,
        (height + 1) // 2 if chroma == "420" else height,
    )


def upsample_chroma(plane: np.ndarray, width: int, height: int) -> np.ndarray:
    """A chroma plane at luma size, linearly, with MPEG siting (see the module's text)."""
    if plane.shape[0] != height:
        even_rows = cv2.resize(plane, (plane.shape[1], 2 * plane.shape[0]), interpolation=cv2.INTER_LINEAR)
        plane = even_rows[:height]
    if plane.shape[1] != width:
        following = (
            cv2.copyMakeBorder(plane[:, 1:], 0, 0, 0, 1, cv2.BORDER_REPLICATE)
            if plane.shape[1] > 1
            else plane
        )
        between = cv2.addWeighted(plane, 0.5, following, 0.5, 0)  # not boxFilter: it rounds 8-bit pairs up
        plane = cv2.merge([plane, between]).reshape(height, -1)[:, :width]
    return plane


def downsample_chroma(plane: np.ndarray, chroma: Chroma) -> np.ndarray:
    """A luma-size chroma plane at its own size: [1 2 1]/4 across, a mean of two rows down."""
    height, width = plane.shape
    small_width, small_height = chroma_size(width, height, chroma)
    if chroma == "444":
        return plane
    if chroma == "420":
        if height % 2:
            plane = cv2.copyMakeBorder(plane, 0, 1, 0, 0, cv2.BORDER_REPLICATE)
        plane = cv2.addWeighted(plane[0::2], 0.5, plane[1::2], 0.5, 0).reshape(small_height, width)
    if width % 2:
        plane = cv2.copyMakeBorder(plane, 0, 0, 0, 1, cv2.BORDER_REPLICATE)
    kernel = np.array([[0.25, 0.5, 0.25]], np.float32)
    plane = cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(plane[:, ::2][:, :small_width])


def yuv_planes_to_rgb(planes: Sequence[np.ndarray], tags: ColorTags, bit_depth: int) -> np.ndarray:
    """Y'CbCr planes to RGB.

    Args:
        planes: Y, Cb, Cr; uint8 for 8 bits, else uint16 with the value in the low bits. Chroma planes
            have luma's size or half of it (rounded up), each way: 4:4:4, 4:2:2, 4:4:0, 4:2:0. One plane
            alone is grey.
        tags: matrix in `LUMA_WEIGHTS`, range "limited" or "full".
        bit_depth: 8..16.

    Returns:
        `(H, W, 3)` uint8, full range, rounded once, not dithered; out-of-gamut values are clipped.
    """
    if bit_depth == 8:
        return cv2.transform(_merged(planes, bit_depth), yuv_to_rgb_matrix(tags, 8) * 255.0)
    return to_uint8(yuv_planes_to_rgb16(planes, tags, bit_depth))


def yuv_planes_to_rgb16(planes: Sequence[np.ndarray], tags: ColorTags, bit_depth: int) -> np.ndarray:
    """As `yuv_planes_to_rgb`, to `(H, W, 3)` uint16 where 65280 (255 * 256) is the peak."""
    matrix = yuv_to_rgb_matrix(tags, bit_depth) * float(DEEP_PEAK)
    merged = _merged(planes, bit_depth)
    if merged.dtype == np.uint8:
        merged = merged.astype(np.uint16)
    return np.minimum(cv2.transform(merged, matrix), DEEP_PEAK)


def to_uint8(rgb16: np.ndarray) -> np.ndarray:
    """uint16 with peak 65280 to uint8, rounded."""
    return cv2.convertScaleAbs(rgb16, alpha=1 / 256)


def to_deep(values: np.ndarray, bits: int) -> np.ndarray:
    """Full-range values of `bits` (8..16), uint8 or uint16, to uint16 with peak `DEEP_PEAK`, rounded."""
    if bits == 8:
        return values.astype(np.uint16) << 8
    top = (1 << bits) - 1
    return ((values.astype(np.uint32) * DEEP_PEAK + top // 2) // top).astype(np.uint16)


def from_deep(values: np.ndarray, bits: int) -> np.ndarray:
    """uint16 with peak `DEEP_PEAK` to full-range values of `bits` (8..16), rounded: uint8 for 8 bits."""
    if bits == 8:
        return to_uint8(values)
    top = (1 << bits) - 1
    return ((values.astype(np.uint32) * top + DEEP_PEAK // 2) // DEEP_PEAK).astype(np.uint16)


def _merged(planes: Sequence[np.ndarray], bit_depth: int) -> np.ndarray:
    luma = planes[0]
    height, width = luma.shape
    if len(planes) == 1:
        neutral = np.full_like(luma, 1 << (bit_depth - 1))
        return cv2.merge([luma, neutral, neutral])
    return cv2.merge([luma, *(upsample_chroma(plane, width, height) for plane in planes[1:3])])


def rgb_to_yuv_planes(
    rgb: np.ndarray, tags: ColorTags, chroma: Chroma, bit_depth: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """RGB to Y'CbCr planes, the inverse of `yuv_planes_to_rgb`.

    Args:
        rgb: `(H, W, 3)`, full range: uint8, or uint16 with peak `DEEP_PEAK`.
        tags: matrix in `LUMA_WEIGHTS` (see `ColorTags.for_encoding`), range "limited" or "full".
        chroma: "420", "422" or "444"; odd sizes round up.
        bit_depth: 8..16.

    Returns:
        Y, Cb and Cr, each contiguous; uint8 for 8 bits, else uint16 with the value in the low bits.
    """
    matrix = rgb_to_yuv_matrix(tags, bit_depth)
    is_deep = rgb.dtype == np.uint16
    matrix[:, :3] /= DEEP_PEAK if is_deep else 255.0
    source = rgb if is_deep or bit_depth == 8 else rgb.astype(np.uint16)
    planes = cv2.transform(source, matrix)
    luma, cb, cr = cv2.split(cv2.convertScaleAbs(planes) if is_deep and bit_depth == 8 else planes)
    return luma, downsample_chroma(cb, chroma), downsample_chroma(cr, chroma)


def fitted_size(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """`(width, height)` scaled down, in proportion, until the longer side is at most `max_side`."""
    longest = max(width, height)
    if max_side is None or longest <= max_side:
        return width, height
    return max(1, round(width * max_side / longest)), max(1, round(height * max_side / longest))


def fit_within(image: np.ndarray, max_side: int | None) -> np.ndarray:
    """`(H, W, C)` scaled down by area averaging so that its longer side is at most `max_side`."""
    height, width = image.shape[:2]
    size = fitted_size(width, height, max_side)
    return image if size == (width, height) else cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """`(H, W, C)` at another size: averaged when it shrinks, cubic when it grows."""
    if image.shape[:2] == (height, width):
        return image
    shrinks = width * height <= image.shape[0] * image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def lay_over(rgb: np.ndarray, opacity: np.ndarray, backdrop: int) -> np.ndarray:
    """Straight-alpha `rgb` with `opacity` over a grey level.

    Args:
        rgb: `(H, W, 3)` uint8, or uint16 with peak `DEEP_PEAK`.
        opacity: `(H, W)`, likewise; the two need not be of one type.
        backdrop: 0..255.

    Returns:
        The shape and type of `rgb`.
    """
    weight = opacity[..., None].astype(np.float32) / (255 if opacity.dtype == np.uint8 else DEEP_PEAK)
    level = backdrop if rgb.dtype == np.uint8 else backdrop * 256
    return np.rint(rgb * weight + level * (1 - weight)).astype(rgb.dtype)


def fill_clear(rgb: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """Straight-alpha `rgb` with the colours around them spread into the areas that are wholly clear.

    What lies under a clear area is often black or noise; a network that looks at its neighbourhood would
    paint that into what is seen, and so would scaling. Each level of a pyramid fills what the finer one
    leaves open.

    Args:
        rgb: `(H, W, 3)` uint8, or uint16 with peak `DEEP_PEAK`.
        opacity: `(H, W)` uint8 or uint16; 0 is clear.

    Returns:
        The shape and type of `rgb`; pixels that are seen are as they were.
    """
    seen = opacity > 0
    if seen.all() or not seen.any():
        return rgb
    weight = seen.astype(np.float32)
    filled = _spread(rgb * weight[..., None], weight)
    return np.where(seen[..., None], rgb, np.rint(filled)).astype(rgb.dtype)


def _spread(weighted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Colours where there is weight, and those of the next coarser level where there is none."""
    height, width = weight.shape
    own = weighted / np.maximum(weight, 1e-6)[..., None]
    if max(height, width) <= 2:
        known = max(float(weight.sum()), 1e-6)
        mean = weighted.reshape(-1, 3).sum(0) / known
        return np.where(weight[..., None] > 0, own, mean)
    half = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
    coarse = _spread(
        cv2.resize(weighted, half, interpolation=cv2.INTER_AREA),
        cv2.resize(weight, half, interpolation=cv2.INTER_AREA),
    )
    around = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(weight[..., None] > 0, own, around)


def uint8_to_float(rgb: np.ndarray) -> np.ndarray:
    """`(..., H, W, 3)` uint8 -> `(..., 3, H, W)` float32 in [-1, 1], as networks see it: x * 2 / 255 - 1."""
    return np.ascontiguousarray(np.moveaxis(rgb, -1, -3)).astype(np.float32) * np.float32(2 / 255) - 1


def float_to_uint8(planes: np.ndarray) -> np.ndarray:
    """`(..., 3, H, W)` float in [-1, 1] -> `(..., H, W, 3)` uint8: round(clip((y + 1) * 127.5, 0, 255))."""
    levels = np.rint(np.clip((planes + 1) * 127.5, 0, 255)).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(levels, -3, -1))
