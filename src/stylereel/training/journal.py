"""Figures of a run for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from torch.utils.tensorboard.writer import SummaryWriter

from stylereel.training.loop import StepReport


class Journal:
    """Writes every tenth step's losses, gradient norms and pace; a resumed run writes on where it stopped."""

    def __init__(self, folder: Path, first_step: int, every: int = 10) -> None:
        self._writer = SummaryWriter(str(folder), purge_step=first_step or None)
        self._every = every

    def add(self, report: StepReport) -> None:
        """Note one step."""
        if report.step % self._every:
            return
        for name, value in report.losses.items():
            self._writer.add_scalar(f"loss/{name}", value, report.step)
        for name, value in report.gradient_norms.items():
            self._writer.add_scalar(f"gradient/{name}", value, report.step)
        self._writer.add_scalar("pace/seconds_per_step", report.seconds, report.step)

    def add_health(self, figures: dict[str, float], step: int) -> None:
        """Note what the watches measured."""
        for name, value in figures.items():
            self._writer.add_scalar(f"health/{name}", value, step)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
