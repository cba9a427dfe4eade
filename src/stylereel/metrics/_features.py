"""A feature network of the user's own, for FID and KID; Stylereel ships none and fetches none.

An ONNX file that takes (1, 3, S, S) float32 RGB, S one of 224, 299 and 256, in ImageNet's normalisation, and
gives (1, D) or (1, D, h, w), which is averaged over the places. OpenCV runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from stylereel.core.errors import InputError, MissingInputError, UsageError
from stylereel.metrics import _bands
from stylereel.metrics._style_set import read_rgb

SIDES_PX = (224, 299, 256)
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
CROP_PX = 192
SHORT_SIDE_PX = 360
MOST_STYLE_CROPS = 600


class FeatureNetwork:
    """Crops to features.

    Attributes:
        side_px: what crops are brought to: the first of `SIDES_PX` that the network takes.
        width: features per crop.

    Raises:
        MissingInputError: no such file.
        UsageError: it is no ONNX file.
        InputError: OpenCV cannot run it, or its output is no feature vector.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise MissingInputError(f"{path} does not exist: --features names an ONNX feature network")
        if path.suffix.lower() != ".onnx":
            raise UsageError(
                f"{path.name}: features come from an ONNX file, since weights alone are no network and a "
                "pickled one runs code. Export yours first: "
                "torch.onnx.export(network, torch.zeros(1, 3, 224, 224), 'features.onnx')"
            )
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
        except cv2.error as error:
            raise InputError(f"{path} cannot be read as an ONNX network: {_short(error)}") from error
        self.side_px, self.width = self._probe(path)

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Square (S, S, 3) uint8 RGB crops to (N, D) float64."""
        return np.stack([self._one(crop, self.side_px) for crop in crops]).astype(np.float64)

    def _probe(self, path: Path) -> tuple[int, int]:
        grey = np.full((CROP_PX, CROP_PX, 3), 128, np.uint8)
        for side in SIDES_PX:
            try:
                return side, len(self._one(grey, side))
            except cv2.error as error:
                complaint = _short(error)
        raise InputError(
            f"{path} does not run on (1, 3, S, S) for S of {', '.join(map(str, SIDES_PX))}: {complaint}"
        )

    def _one(self, crop: np.ndarray, side_px: int) -> np.ndarray:
        sized = cv2.resize(
            crop,
            (side_px, side_px),
            interpolation=cv2.INTER_AREA if len(crop) > side_px else cv2.INTER_CUBIC,
        )
        values = (sized.astype(np.float32) / 255 - MEAN) / DEVIATION
        self._network.setInput(np.ascontiguousarray(values.transpose(2, 0, 1)[None]))
        found = np.asarray(self._network.forward())
        return found.reshape(found.shape[1], -1).mean(axis=1) if found.ndim > 1 else found


def crops_of(picture: np.ndarray) -> list[np.ndarray]:
    """Evenly placed square crops of 192 px that cover an (H, W, 3) picture."""
    side = min(CROP_PX, *picture.shape[:2])
    rows, columns = (
        np.linspace(0, length - side, max(1, round(length / side))).round().astype(int)
        for length in picture.shape[:2]
    )
    return [picture[top : top + side, left : left + side] for top in rows for left in columns]


def style_features(
    network: FeatureNetwork, paths: Sequence[Path], on_picture: Callable[[], None] | None = None
) -> np.ndarray:
    """(N, D) of at most 600 crops spread over the style's pictures, at their stored scale."""
    each = max(1, MOST_STYLE_CROPS // len(paths))
    found = []
    for path in sorted(paths):
        crops = crops_of(read_rgb(path))
        chosen = np.linspace(0, len(crops) - 1, min(each, len(crops))).round().astype(int)
        found.append(network([crops[index] for index in chosen]))
        if on_picture:
            on_picture()
    return np.concatenate(found)


class Collected:
    """Features of the crops of a dozen frames, at short side 360, of the output and of the source."""

    def __init__(self, features: FeatureNetwork) -> None:
        self._network = features
        self._found: dict[str, list[np.ndarray]] = {"output": [], "source": []}

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame and its stylised counterpart, (H, W, 3) uint8 RGB."""
        for role, frame in (("output", stylized), ("source", source)):
            self._found[role].append(self._network(crops_of(_bands.short_side_to(frame, SHORT_SIDE_PX))))

    def of(self, role: str) -> np.ndarray | None:
        """(N, D) float64 of "output" or "source", None without a frame."""
        return np.concatenate(self._found[role]) if self._found[role] else None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[-200:]
