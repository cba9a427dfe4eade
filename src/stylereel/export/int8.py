"""Rounds an exported network to int8, calibrated on real frames, and checks it before it is kept.

Weights are rounded channel by channel; what the convolutions read is rounded with the ranges that the frames
show, the outermost hundred-thousandth of the values cut off. Everything between the convolutions stays as
it is. The file is plain ONNX with QuantizeLinear and DequantizeLinear, which every runner but torch reads.
Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference".

Two kinds of convolution stay as they are. Those whose channels become pixels (`DepthToSpace`): each channel
is rounded by itself, and what differs between neighbours is a grid on every flat wall. And those that read
the frame: what they find is contrast of a few grey levels, which rounding makes flicker. On the shipped looks
that leaves 46 to 50 dB of what would be 37 to 42, for a fifth more time.
"""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stylereel.core.anchors import CELL_PX, anchors_at, still_places
from stylereel.core.errors import EnvironmentMissingError, PackError
from stylereel.export.onnx import ANCHORS_NAME, INPUT_NAME, evaluator

LEAST_PSNR_DB = 34.0
"""Of every frame, int8 beside fp32: below it, rounding can be seen."""
KEPT_PERCENTILE = 99.999
LEAST_FRAMES = 2


@dataclass(frozen=True)
class Quantized:
    """A network in int8.

    Attributes:
        content: the ONNX file.
        psnr_db: of the frame that suffered most among those that were not calibrated with, beside fp32.
    """

    content: bytes
    psnr_db: float


def quantize_onnx(content: bytes, frames: Sequence[np.ndarray], *, anchor_channels: int = 0) -> Quantized:
    """Round a network to int8.

    Args:
        content: the network in fp32, as `export_onnx` writes it.
        frames: `(H, W, 3)` uint8 RGB, sides multiples of the network's rule, sizes as they are used; every
            other one is calibrated with, and the rest is compared. A dozen of each will do.
        anchor_channels: that the network takes.

    Returns:
        The network, whether it is good enough or not: `LEAST_PSNR_DB` says what is.

    Raises:
        EnvironmentMissingError: `onnx` is absent.
        PackError: fewer than two frames, or the network cannot be rounded.
    """
    if len(frames) < LEAST_FRAMES:
        raise PackError(f"Rounding to int8 is calibrated on real frames: got {len(frames)}, at least two.")
    inputs = [_inputs(frame, anchor_channels) for frame in frames]
    rounded = _rounded(content, inputs[::2])
    evaluate = evaluator()
    psnr = []
    for given in inputs[1::2]:
        parts = given.values()
        psnr.append(_psnr_db(evaluate(content, *parts), evaluate(rounded, *parts)))
    return Quantized(rounded, min(psnr))


def _inputs(frame: np.ndarray, anchor_channels: int) -> dict[str, np.ndarray]:
    values = np.ascontiguousarray(frame.transpose(2, 0, 1)[None]) * np.float32(2 / 255) - np.float32(1)
    given = {INPUT_NAME: values}
    if anchor_channels:
        height, width = (side // CELL_PX * CELL_PX for side in frame.shape[:2])
        still = anchors_at(still_places(height, width), anchor_channels)
        given[ANCHORS_NAME] = np.ascontiguousarray(still.transpose(2, 0, 1)[None], dtype=np.float32)
    return given


def _rounded(content: bytes, inputs: Sequence[dict[str, np.ndarray]]) -> bytes:
    try:
        import onnx
        from onnxruntime import quantization
    except ImportError as error:
        raise EnvironmentMissingError(
            f"Rounding to int8 needs onnx and onnxruntime ({error}): pip install 'stylereel[train]'"
        ) from error

    class Frames(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self._left = iter(inputs)

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self._left, None)

    with tempfile.TemporaryDirectory(prefix="stylereel-int8-") as folder, _quiet():
        output = Path(folder) / "rounded.onnx"
        try:
            model = onnx.load_from_string(content)
            quantization.quantize_static(
                model,
                str(output),
                Frames(),
                quant_format=quantization.QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=_kept_exact(model.graph),
                per_channel=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                calibrate_method=quantization.CalibrationMethod.Percentile,
                extra_options={"CalibPercentile": KEPT_PERCENTILE},
            )
        except Exception as error:  # of many kinds, all of them the library's
            raise PackError(
                f"The network cannot be rounded to int8: {type(error).__name__}: {error}"
            ) from error
        return output.read_bytes()


def _kept_exact(graph: Any) -> list[str]:
    """Names of the convolutions that read the frame, or whose channels become pixels."""
    makers = {name: node for node in graph.node for name in node.output}
    shuffles = [makers.get(node.input[0]) for node in graph.node if node.op_type == "DepthToSpace"]
    frames = graph.input[0].name
    reading = [node for node in graph.node if frames in node.input]
    return [node.name for node in (*reading, *shuffles) if node is not None and node.op_type == "Conv"]


def _psnr_db(expected: np.ndarray, found: np.ndarray) -> float:
    error = float(np.mean((expected - found) ** 2))
    return 10 * float(np.log10(4 / max(error, 1e-12)))


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser prints what it does, and advises through the root logger what was decided here."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
