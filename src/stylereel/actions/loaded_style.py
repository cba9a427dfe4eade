"""A style pack with its network loaded, for several runs in a row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stylereel.inference.runner import Runner, open_runner
from stylereel.inference.runners._live_values import live_values
from stylereel.packs.find import find_pack
from stylereel.packs.store import Pack


@dataclass(frozen=True)
class LoadedStyle:
    """A look whose network is loaded once and serves one run after the other, never two at a time.

    Attributes:
        pack: the look.
        runner: the network; between runs it keeps what it has compiled for the sizes seen last.
    """

    pack: Pack
    runner: Runner

    @classmethod
    def load(
        cls,
        style: str | Path | Pack,
        *,
        device: str = "auto",
        runner: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
    ) -> LoadedStyle:
        """Find a style pack and open its network; arguments and errors as those of `Stylizer.load`."""
        return cls.of(find_pack(style), device=device, runner=runner, threads=threads, precision=precision)

    @classmethod
    def of(
        cls,
        pack: Pack,
        *,
        device: str = "auto",
        runner: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
    ) -> LoadedStyle:
        """Open the network of a pack that was found."""
        opened = open_runner(pack, runner, device, threads=threads, precision=precision)
        live_values(pack, opened.precision)  # refuses a network that would take all memory
        return cls(pack, opened)
