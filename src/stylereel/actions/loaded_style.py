"""A style pack with its network loaded, for several runs in a row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stylereel.inference.runner import Runner, open_runner
from stylereel.inference.runners._live_values import live_values
from stylereel.packs.find import find_pack
from stylereel.packs.looks import OneLook
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
        strength: float = 1.0,
        threads: int | None = None,
        precision: str = "auto",
    ) -> LoadedStyle:
        """Find a style pack and open its network; arguments and errors as those of `Stylizer.load`.

        Of a pack of many looks the network paints with the strength it is loaded at. Give the same strength
        where the style is used: there the result is laid over the source.
        """
        pack = pack_of(style, strength)
        return cls.of(pack, device=device, runner=runner, threads=threads, precision=precision)

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


def pack_of(style: str | Path | Pack, strength: float = 1.0) -> Pack:
    """The pack that is named; one look of a pack of many with its network at this strength.

    Args:
        style: what `find_pack` takes, or a pack.
        strength: 0, where the network is never run, to 1.

    Raises:
        UsageError, PackError: as `find_pack`.
    """
    pack = style if isinstance(style, Pack) else find_pack(style)
    return pack.at(strength) if isinstance(pack, OneLook) and strength else pack
