"""Stylereel: GAN video style transfer.

    from stylereel import Stylizer, stylize

    stylize("in.mp4", "out.mp4", style="ukiyoe")
    frame = Stylizer.load("ukiyoe")(frame)          # (H, W, 3) uint8 RGB in and out

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stylereel.actions.batch import BatchProgress, BatchSummary, batch
    from stylereel.actions.benchmark import BenchmarkReport, benchmark
    from stylereel.actions.compare import Comparison, compare
    from stylereel.actions.doctor import MachineReport, examine_machine
    from stylereel.actions.evaluate import evaluate
    from stylereel.actions.evaluation import Evaluation
    from stylereel.actions.live import LiveSession, live
    from stylereel.actions.live_frames import LiveFrames
    from stylereel.actions.live_report import LiveStatus, LiveSummary
    from stylereel.actions.preview import PreviewSheet, preview_styles
    from stylereel.actions.preview_desk import Preview, PreviewDesk
    from stylereel.actions.preview_looks import PreviewLook
    from stylereel.actions.quantize import QuantizeSummary, quantize
    from stylereel.actions.stylize import StylizeSummary, stylize
    from stylereel.actions.stylizer import Stylizer
    from stylereel.actions.suggest import StyleSuggestion, StyleSuggestions, suggest_styles
    from stylereel.core.errors import (
        EnvironmentMissingError,
        InputError,
        MemoryShortError,
        PackError,
        RefusedError,
        StylereelError,
        UsageError,
    )
    from stylereel.core.frames import Frame
    from stylereel.core.progress import Progress
    from stylereel.packs.card import Card
    from stylereel.packs.find import PackListing, find_pack, list_packs
    from stylereel.packs.store import Pack, load_pack, save_pack
    from stylereel.video.info import SourceInfo
    from stylereel.video.probe import probe
    from stylereel.video.reader import FrameReader
    from stylereel.video.writer import FrameWriter

__version__ = "0.1.0"

_HOMES = {
    "Stylizer": "actions.stylizer",
    "StylizeSummary": "actions.stylize",
    "stylize": "actions.stylize",
    "LiveSession": "actions.live",
    "LiveFrames": "actions.live_frames",
    "LiveStatus": "actions.live_report",
    "LiveSummary": "actions.live_report",
    "live": "actions.live",
    "BatchProgress": "actions.batch",
    "BatchSummary": "actions.batch",
    "batch": "actions.batch",
    "BenchmarkReport": "actions.benchmark",
    "benchmark": "actions.benchmark",
    "QuantizeSummary": "actions.quantize",
    "quantize": "actions.quantize",
    "Evaluation": "actions.evaluation",
    "evaluate": "actions.evaluate",
    "Comparison": "actions.compare",
    "compare": "actions.compare",
    "Preview": "actions.preview_desk",
    "PreviewDesk": "actions.preview_desk",
    "PreviewLook": "actions.preview_looks",
    "PreviewSheet": "actions.preview",
    "preview_styles": "actions.preview",
    "StyleSuggestion": "actions.suggest",
    "StyleSuggestions": "actions.suggest",
    "suggest_styles": "actions.suggest",
    "MachineReport": "actions.doctor",
    "examine_machine": "actions.doctor",
    "Frame": "core.frames",
    "Progress": "core.progress",
    "FrameReader": "video.reader",
    "FrameWriter": "video.writer",
    "SourceInfo": "video.info",
    "probe": "video.probe",
    "Card": "packs.card",
    "Pack": "packs.store",
    "load_pack": "packs.store",
    "save_pack": "packs.store",
    "PackListing": "packs.find",
    "find_pack": "packs.find",
    "list_packs": "packs.find",
    "StylereelError": "core.errors",
    "UsageError": "core.errors",
    "InputError": "core.errors",
    "EnvironmentMissingError": "core.errors",
    "MemoryShortError": "core.errors",
    "RefusedError": "core.errors",
    "PackError": "core.errors",
}

__all__ = [
    "BatchProgress",
    "BatchSummary",
    "BenchmarkReport",
    "Card",
    "Comparison",
    "EnvironmentMissingError",
    "Evaluation",
    "Frame",
    "FrameReader",
    "FrameWriter",
    "InputError",
    "LiveFrames",
    "LiveSession",
    "LiveStatus",
    "LiveSummary",
    "MachineReport",
    "MemoryShortError",
    "Pack",
    "PackError",
    "PackListing",
    "Preview",
    "PreviewDesk",
    "PreviewLook",
    "PreviewSheet",
    "Progress",
    "QuantizeSummary",
    "RefusedError",
    "SourceInfo",
    "StyleSuggestion",
    "StyleSuggestions",
    "StylereelError",
    "StylizeSummary",
    "Stylizer",
    "UsageError",
    "__version__",
    "batch",
    "benchmark",
    "compare",
    "evaluate",
    "examine_machine",
    "find_pack",
    "list_packs",
    "live",
    "load_pack",
    "preview_styles",
    "probe",
    "quantize",
    "save_pack",
    "stylize",
    "suggest_styles",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'stylereel' has no attribute '{name}'")
    import importlib

    value = getattr(importlib.import_module(f"stylereel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
