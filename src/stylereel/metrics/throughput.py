"""How fast the result was made, where that is known.

    throughput = frames per second of the run that wrote the result, from the first frame to the finished file
    realtime   = throughput / frames per second of the source

No frame tells how long it took, so the pace is given by whoever ran it (the summary of `stylize --json`) and
is never guessed. Optimum: 1 or more, live.
"""

from __future__ import annotations

import numpy as np

from stylereel.metrics._facts import Facts

FACTS = Facts(
    key="realtime",
    title="speed",
    question="Was it made as fast as it plays?",
    optimum=1.0,
    good=1.0,
    fair=0.25,
    unit="x",
    sampled=True,
    needs=("run_frames_per_second", "source_frames_per_second"),
)


class Metric:
    """Looks at no frame."""

    name = "throughput"
    optimum = FACTS.optimum

    def __init__(self, run_frames_per_second: float, source_frames_per_second: float) -> None:
        self._run, self._source = run_frames_per_second, source_frames_per_second

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Nothing to see in a frame."""

    def result(self) -> dict[str, float]:
        """`throughput` in frames per second, and `realtime`."""
        return {"throughput": self._run, "realtime": self._run / max(self._source, 1e-9)}
