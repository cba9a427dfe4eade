"""Reads a style code off pictures without torch: `networks.style_encoders.texture`, in numpy.

Four strided 4x4 convolutions, means and deviations of each map and of the picture, an MLP. Pictures are cut
into crops of about the size that training showed the encoder, so that strokes have the size that it knows;
the crops' codes are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from safetensors.numpy import load

from stylereel.core.errors import PackError
from stylereel.packs.codes import Weights, leaky
from stylereel.packs.store import ENCODER_NAME, Pack

CROP_PX = 136
LARGEST_SHORT_SIDE_PX = 1024
"""As `data.style_max_short_side_px`: larger pictures are reduced to it, as training reads them."""
MOST_CROPS = 24
"""Of one picture."""
_BATCH = 8


def code_of_pictures(pack: Pack, references: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """The code of a look that was never learned.

    Args:
        pack: of many looks.
        references: of each reference its pictures (of a video some frames), `(H, W, 3)` uint8 RGB; each
            reference counts the same, and so does each picture in it.

    Returns:
        `(S,)` float32; none of the source shows.

    Raises:
        PackError: the pack holds no encoder, or one of another shape.
    """
    if ENCODER_NAME not in pack.card.files:
        raise PackError(f"The pack '{pack.card.name}' holds no {ENCODER_NAME}: it reads no pictures.")
    weights = load(pack.read(ENCODER_NAME))
    try:
        means = [np.mean([_of_picture(weights, p) for p in pictures], axis=0) for pictures in references]
    except (KeyError, ValueError) as error:
        raise PackError(f"{pack.folder / ENCODER_NAME} does not fit this Stylereel: {error}.") from None
    code = np.append(np.mean(means, axis=0), 0)
    if len(code) != pack.card.code_size:
        raise PackError(f"{pack.folder / ENCODER_NAME} gives codes of {len(code)}, not of its pack.")
    return code.astype(np.float32)


def encoded(weights: Weights, pictures: np.ndarray) -> np.ndarray:
    """What the encoder gives for each picture, without the source's share.

    Args:
        weights: of the encoder.
        pictures: `(N, 3, h, w)` float32 RGB in [-1, 1], sides of at least 32 px.

    Returns:
        `(N, S - 1)` float32.
    """
    statistics, values, layer = [*_statistics(pictures)], pictures, 0
    while f"convolutions.{layer}.weight" in weights:
        convolution = f"convolutions.{layer}"
        values = leaky(_strided(values, weights[f"{convolution}.weight"], weights[f"{convolution}.bias"]))
        statistics += _statistics(values)
        layer += 1
    h = np.concatenate(statistics, axis=1)
    for name in ("first", "second"):
        h = leaky(h @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])
    return h @ weights["code.weight"].T + weights["code.bias"]


def crops_of(pixels: np.ndarray) -> np.ndarray:
    """Up to `MOST_CROPS` crops spread evenly over a picture, `(N, side, side, 3)` uint8.

    A picture smaller than a crop is one crop, enlarged where it is tiny.
    """
    height, width = pixels.shape[:2]
    factor = min(1.0, LARGEST_SHORT_SIDE_PX / min(height, width))
    factor = max(factor, 64 / min(height, width))
    size = max(64, round(width * factor)), max(64, round(height * factor))
    shown = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    side = min(CROP_PX, *shown.shape[:2])
    rows, columns = (np.arange(0, length - side + 1, side) for length in shown.shape[:2])
    rows, columns = rows + (size[1] - side - rows[-1]) // 2, columns + (size[0] - side - columns[-1]) // 2
    places = [(y, x) for y in rows for x in columns]
    chosen = np.linspace(0, len(places) - 1, min(len(places), MOST_CROPS)).round().astype(int)
    return np.stack([shown[y : y + side, x : x + side] for y, x in (places[index] for index in chosen)])


def _of_picture(weights: Weights, pixels: np.ndarray) -> np.ndarray:
    crops = crops_of(pixels)
    codes = []
    for begin in range(0, len(crops), _BATCH):
        batch = crops[begin : begin + _BATCH].transpose(0, 3, 1, 2).astype(np.float32) * (2 / 255) - 1
        codes.append(encoded(weights, batch))
    return np.concatenate(codes).mean(axis=0)


def _statistics(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = values.mean(axis=(2, 3))
    return mean, np.sqrt(np.square(values - mean[:, :, None, None]).mean(axis=(2, 3)) + 1e-4)


def _strided(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A 4x4 convolution of stride 2 and padding 1."""
    n, channels, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (4, 4), axis=(2, 3))[:, :, ::2, ::2]
    rows, columns = height // 2, width // 2
    windows = windows[:, :, :rows, :columns].transpose(0, 2, 3, 1, 4, 5)
    y = windows.reshape(n * rows * columns, channels * 16) @ kernel.reshape(len(kernel), -1).T + bias
    return np.ascontiguousarray(y.reshape(n, rows, columns, -1).transpose(0, 3, 1, 2))
