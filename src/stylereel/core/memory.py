"""How much memory there is, and sizes of memory as people write them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from stylereel.core.errors import UsageError

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?", re.I)
_UNLIMITED = 2**60
"""From here on a control group's number means that there is no limit."""


def parse_bytes(size: str | int, name: str) -> int:
    """Bytes from "4GB", "512 MB", "1.5GiB" or a number of bytes; units of 1000, with an i of 1024.

    Args:
        size: what was written.
        name: of the option, for the error text.

    Raises:
        UsageError: it is no size above 0.
    """
    found = _SIZE.fullmatch(str(size).strip())
    unit = found[2].upper() if found else ""
    bytes_per_unit = _UNITS[unit]
    if found and found[3]:
        bytes_per_unit = 2 ** (10 * list(_UNITS).index(unit))
    value = int(float(found[1]) * bytes_per_unit) if found and not isinstance(size, bool) else 0
    if value <= 0 or (found and found[3] and not unit):
        raise UsageError(f"{name} is {size!r}: write a size such as 4GB, 512MB or 1.5GiB.")
    return value


def as_text(size_bytes: float) -> str:
    """Bytes for people: "850 MB", "4.2 GB"."""
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


def available_bytes(root: Path = Path("/")) -> int | None:
    """Memory that is free or can be freed, a container's limit included; None where nothing says.

    Args:
        root: where the system's `proc` and `sys` lie.
    """
    known = [value for value in (_free_of_machine(root), _free_of_group(root)) if value is not None]
    return max(0, min(known)) if known else None


def resident_bytes(root: Path = Path("/")) -> int | None:
    """What this process holds now, or None where the system does not say."""
    try:
        pages = int((root / "proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _free_of_machine(root: Path) -> int | None:
    stated = _numbers(root / "proc/meminfo").get("MemAvailable:")
    if stated is not None:
        return stated * 1024
    if sys.platform == "win32":
        return _free_of_windows()
    if sys.platform == "darwin":
        # What macOS calls free says little: half of what is built in is a cautious guess.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _free_of_windows() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ulong), ("load", ctypes.c_ulong), ("numbers", ctypes.c_ulonglong * 7))

    status = Status(length=ctypes.sizeof(Status))
    told = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return int(status.numbers[1]) if told else None


def _free_of_group(root: Path) -> int | None:
    """What the control groups that this process is in (cgroup v2 and v1, and those above) leave it."""
    try:
        lines = (root / "proc/self/cgroup").read_text("ascii", errors="replace").splitlines()
    except OSError:
        return None
    free: list[int] = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        names = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes")
            if controllers
            else ("memory.max", "memory.current")
        )
        top = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        folder = top / path.lstrip("/")
        # In a container the path is the host's, and the group itself is mounted at the top.
        for group in dict.fromkeys((folder, *folder.parents, top)):
            if group == top or top in group.parents:
                limit, used = (_number(group / name) for name in names)
                if limit is not None and used is not None and limit < _UNLIMITED:
                    stat = _numbers(group / "memory.stat")
                    cached = stat.get("total_inactive_file", stat.get("inactive_file", 0))
                    free.append(limit - used + cached)
    return min(free) if free else None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):  # "max" is no number, and no limit
        return None


def _numbers(path: Path) -> dict[str, int]:
    """The first number behind each name of a file of lines `name number`."""
    try:
        lines = [line.split() for line in path.read_text("ascii", errors="replace").splitlines()]
    except OSError:
        return {}
    return {parts[0]: int(parts[1]) for parts in lines if len(parts) > 1 and parts[1].isdigit()}
