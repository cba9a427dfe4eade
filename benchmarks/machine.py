"""What the figures were taken on, and how they are written down: for the speed and memory benchmarks."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stylereel.inference.cpu import available_cores, cpu_features, cpu_name

Row = dict[str, Any]


def facts() -> dict[str, Any]:
    """Processor, cores and whether it computes bf16 in hardware."""
    features = cpu_features()
    return {
        "cpu": cpu_name(),
        "cores": available_cores(),
        "bf16": "avx512_bf16" in features or "amx_bf16" in features,
        "python": platform.python_version(),
        "system": platform.system(),
    }


def seconds_of(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def in_turn(actions: dict[str, Callable[[], object]], repeats: int, *, warm_up: int = 2) -> dict[str, float]:
    """Median seconds of each action, run in turn so that other load meets all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for repeat in range(repeats + warm_up):
        for name, action in actions.items():
            taken = seconds_of(action)
            if repeat >= warm_up:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def report(title: str, rows: Sequence[Row], json_path: Path | None, **more: Any) -> None:
    """Print a markdown table and write the same as JSON."""
    machine = facts()
    bf16 = "yes" if machine["bf16"] else "no"
    print(f"### {title}\n\n{machine['cpu']}, {machine['cores']} cores, bf16 {bf16}\n")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for row in rows:
        print("| " + " | ".join(_cell(row.get(name, "")) for name in columns) + " |")
    if json_path is not None:
        content = {"title": title, "machine": machine, "rows": list(rows), **more}
        json_path.write_text(json.dumps(content, indent=1) + "\n")


def _cell(value: object) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float) and value < 100
        else (f"{value:.0f}" if isinstance(value, float) else str(value))
    )
