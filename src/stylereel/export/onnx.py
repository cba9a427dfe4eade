"""Writes a trained generator as ONNX of any batch and size, and checks it against torch before it is used."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stylereel.core.anchors import CELL_PX
from stylereel.core.errors import PackError

INPUT_NAME, CODE_NAME, ANCHORS_NAME, OUTPUT_NAME = "frames", "code", "anchors", "stylized"
OPSET = 18
LEVEL = 2.0 / 255.0
"""One level of 255, for values in [-1, 1]."""
LARGEST_OF_EXPORT = 0.5 * LEVEL
"""Between the ONNX file and the folded network that it was written from."""
LARGEST_OF_FOLDING = 2.0 * LEVEL
"""Between the ONNX file and the network as it was trained; folding may round weights on purpose."""


@dataclass(frozen=True)
class Parity:
    """How far the exported network is from the trained one.

    Attributes:
        largest: largest absolute difference from the trained network over all sizes, outputs in [-1, 1].
        of_export: the same from the folded network, so without what folding itself changes.
        sizes: the (N, H, W) tried.
    """

    largest: float
    of_export: float
    sizes: tuple[tuple[int, int, int], ...]


def export_onnx(generator: nn.Module) -> bytes:
    """The folded generator as one ONNX file: `frames` (N, 3, H, W) in [-1, 1] to `stylized`, N, H and W
    dynamic; with an input `code` (N, S) and an input `anchors` (N, C, H/4, W/4) where the network takes them.

    Args:
        generator: has `folded()` and `size_multiple`; H and W are multiples of the latter.
    """
    folded = _plain(generator)
    multiple = int(generator.size_multiple)  # type: ignore[arg-type]
    channels = anchor_channels(generator)
    examples = [torch.zeros(2, 3, 8 * multiple, 9 * multiple)]
    dim = torch.export.Dim
    batch = dim("batch", min=1, max=4096)
    height, width = dim("height_units", min=1, max=65536), dim("width_units", min=1, max=65536)
    shapes: list[dict[int, Any]] = [{0: batch, 2: multiple * height, 3: multiple * width}]
    names = [INPUT_NAME]
    if size := code_size(generator):
        examples.append(torch.zeros(2, size))
        shapes.append({0: batch})
        names.append(CODE_NAME)
    if channels:
        cells = multiple // CELL_PX
        examples.append(torch.zeros(2, channels, 8 * cells, 9 * cells))
        shapes.append({0: batch, 2: cells * height, 3: cells * width})
        names.append(ANCHORS_NAME)
    stream = io.BytesIO()
    with _quiet():
        program = torch.onnx.export(
            folded,
            tuple(examples),
            dynamo=True,
            external_data=False,
            input_names=names,
            output_names=[OUTPUT_NAME],
            dynamic_shapes=tuple(shapes),
            opset_version=OPSET,
            verbose=False,
        )
        program.save(stream)  # type: ignore[union-attr]
    return _without_traces(stream.getvalue())


def _without_traces(content: bytes) -> bytes:
    """The same network without the exporter's notes: they hold stack traces with folders of this machine."""
    import onnx

    model = onnx.load_from_string(content)
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input):
        del part.metadata_props[:]
        part.doc_string = ""
    for part in (*model.graph.output, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    return model.SerializeToString()


def check_parity(
    generator: nn.Module,
    content: bytes,
    evaluate: Callable[..., np.ndarray] | None = None,
    folded: nn.Module | None = None,
) -> Parity:
    """Compare the exported network with the trained one at several sizes.

    Args:
        generator: as it was trained (not folded), averaged weights.
        content: what `export_onnx` returned.
        evaluate: runs ONNX bytes on frames and, where the network takes them, codes and anchors; ONNX
            Runtime by default.
        folded: what was exported, of the generator's inputs; `generator.folded()` by default.

    Raises:
        PackError: by more than half a level of 255 from the folded network, or two from the trained one.
    """
    multiple = int(generator.size_multiple)  # type: ignore[arg-type]
    sizes = tuple((n, h * multiple, w * multiple) for n, h, w in ((1, 8, 8), (2, 5, 12), (1, 11, 7)))
    evaluate = evaluate or evaluator(input_names(generator))
    random = torch.Generator().manual_seed(1)
    folded = folded or _plain(generator)
    from_trained = from_folded = 0.0
    for n, height, width in sizes:
        inputs = [torch.rand(n, 3, height, width, generator=random) * 2 - 1]
        if size := code_size(generator):
            inputs.append(0.5 * torch.randn(n, size, generator=random))  # as far from 0 as trained codes are
            inputs[-1][:, -1] = torch.linspace(0, 0.5, n)
        if channels := anchor_channels(generator):
            shape = n, channels, height // CELL_PX, width // CELL_PX
            inputs.append(torch.randn(shape, generator=random))
        expected = _unfolded(generator, *inputs)
        found = torch.from_numpy(evaluate(content, *(part.numpy() for part in inputs)))
        if found.shape != expected.shape or not torch.isfinite(found).all():
            raise PackError(
                f"The exported network gives {tuple(found.shape)} for frames of {(n, 3, height, width)}, "
                f"expected finite values of shape {tuple(expected.shape)}: the pack is not written."
            )
        with torch.no_grad():
            from_folded = max(from_folded, float((found - folded(*inputs)).abs().max()))
        from_trained = max(from_trained, float((found - expected).abs().max()))
    for difference, allowed, what, fault in (
        (from_folded, LARGEST_OF_EXPORT, "folded", "The export is at fault."),
        (from_trained, LARGEST_OF_FOLDING, "trained", "The generator's folded() is at fault."),
    ):
        if difference > allowed:
            raise PackError(
                f"The exported network differs from the {what} one by {difference / LEVEL:.2f} levels of "
                f"255, expected at most {allowed / LEVEL:g}: the pack is not written. {fault}"
            )
    return Parity(from_trained, from_folded, sizes)


def _plain(generator: nn.Module) -> nn.Module:
    folded = generator.folded()  # type: ignore[operator]
    return folded.float().cpu().eval().requires_grad_(False)


@torch.no_grad()
def _unfolded(generator: nn.Module, frames: Tensor, *others: Tensor) -> Tensor:
    device = next(generator.parameters()).device
    if not code_size(generator):
        others = (frames.new_zeros(frames.shape[0], 0), *others)
    return generator(frames.to(device), *(part.to(device) for part in others)).float().cpu()


def code_size(generator: nn.Module) -> int:
    """Length of the style code that a generator takes; 0 for none."""
    return int(getattr(generator, "code_size", 0))  # type: ignore[arg-type]


def input_names(generator: nn.Module) -> list[str]:
    """Names of the exported network's inputs, in order."""
    code = [CODE_NAME] if code_size(generator) else []
    return [INPUT_NAME, *code, *([ANCHORS_NAME] if anchor_channels(generator) else [])]


def anchor_channels(generator: nn.Module) -> int:
    """Channels of the anchors that a generator takes beside its frames; 0 for none."""
    return int(getattr(generator.config, "anchor_channels", 0))  # type: ignore[union-attr]


def evaluator(names: Sequence[str] = (INPUT_NAME, ANCHORS_NAME)) -> Callable[..., np.ndarray]:
    """What runs ONNX bytes on float32 inputs of these names, in their order, by ONNX Runtime."""
    import onnxruntime

    sessions: dict[int, onnxruntime.InferenceSession] = {}

    def evaluate(content: bytes, *inputs: np.ndarray) -> np.ndarray:
        if id(content) not in sessions:
            sessions[id(content)] = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        return np.asarray(sessions[id(content)].run([OUTPUT_NAME], dict(zip(names, inputs, strict=False)))[0])

    return evaluate


@contextmanager
def _quiet():
    """torch's exporter warns about an absent torchvision and the like, which no user can act on."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
