"""How much a result boils over five frames: `warping_error` between t and t + 5.

The same formula (Lai et al. 2018), with flow and mask between frames that lie five apart, so that paint which
creeps slowly is seen too. Its figures end in `_gap5`. Optimum: a ratio of 1 to the source's own.
"""

from __future__ import annotations

from dataclasses import replace

from stylereel.metrics import warping_error
from stylereel.metrics._motion import Motion

GAP = 5
FACTS = replace(
    warping_error.FACTS,
    key=f"warping_n_ratio_gap{GAP}",
    title="boiling over 5 frames",
    question="Does the paint stay where it is for a fifth of a second?",
    good=2.5,
    fair=5.0,
    least_frames=GAP + 1,
)


class Metric(warping_error.Metric):
    """Frame by frame, in order; keeps six frames."""

    name = "warping_error_long"
    optimum = FACTS.optimum

    def __init__(self, *, motion: Motion | None = None) -> None:
        super().__init__(GAP, motion=motion)
