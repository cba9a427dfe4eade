"""How much a result looks like its style, measured so that a sharpening filter cannot pass.

    score = sum over folds of (logit(output) - logit(control))
          / sum over folds of (logit(held-out style) - logit(control))

`logit` is the mean logit of a small critic (see `_critic_training`) over 96-px crops, grey and
contrast-normalised, of twelve frames at short side 360. `control` is the same frames of the source with their
Laplacian bands scaled to the style's mean energy. So 0 is the control, 1 is a style picture that the critic
never saw; values below 0 and above 1 occur. Optimum: 1. The source itself scores about 0.
"""

from __future__ import annotations

import numpy as np

from stylereel.metrics import _bands
from stylereel.metrics._critic import SHORT_SIDE_PX, Critic, grid_crops
from stylereel.metrics._critic_store import list_pictures, train_or_load
from stylereel.metrics._facts import Facts

__all__ = ["FACTS", "FRAMES_PER_CLIP", "Metric", "chosen_frames", "list_pictures", "train_or_load"]

FRAMES_PER_CLIP = 12

FACTS = Facts(
    key="style_likeness",
    title="style likeness",
    question="Does it look like the style? 0 is a source sharpened to match, 1 a picture of the style.",
    optimum=1.0,
    good=0.6,
    fair=0.3,
    source_key="style_likeness_source",
    control_key="style_likeness_control",
    floor_key="style_likeness_floor",
    sampled=True,
    needs=("critic",),
)


def chosen_frames(count: int, wanted: int = FRAMES_PER_CLIP) -> list[int]:
    """Up to `wanted` indices spread evenly over `count` frames."""
    return sorted(set(np.linspace(0, count - 1, wanted).round().astype(int).tolist()))


class Metric:
    """Gathers crops frame by frame; several clips may be pooled by updating with all of their frames.

    Give it at most a dozen frames a clip (`chosen_frames`): each frame of 640x360 adds 28 crops.
    """

    name = "style_likeness"
    optimum = FACTS.optimum

    def __init__(self, critic: Critic) -> None:
        self._critic = critic
        self._logits: dict[str, list[np.ndarray]] = {"output": [], "control": [], "source": []}

    def update(self, source: np.ndarray, stylized: np.ndarray) -> None:
        """Add a frame, (H, W, 3) uint8 RGB, and its stylised counterpart of any size."""
        grey_source = _bands.grey(_bands.short_side_to(source, SHORT_SIDE_PX))
        pictures = {
            "output": _bands.grey(_bands.short_side_to(stylized, SHORT_SIDE_PX)),
            "control": _bands.energy_matched(grey_source, self._critic.energies),
            "source": grey_source,
        }
        for role, picture in pictures.items():
            self._logits[role].append(self._critic.logits(np.stack(grid_crops(picture))))

    def result(self) -> dict[str, float]:
        """`style_likeness`, the source's own, and the ends of the scale; NaN without a frame."""
        if not self._logits["output"]:
            return {"style_likeness": float("nan"), "style_likeness_source": float("nan")}
        logits = {role: np.mean(values, axis=0) for role, values in self._logits.items()}
        span = float(np.sum(np.array(self._critic.held_out_logits) - logits["control"]))
        return {
            "style_likeness": float(np.sum(logits["output"] - logits["control"])) / span,
            "style_likeness_source": float(np.sum(logits["source"] - logits["control"])) / span,
            "style_likeness_control": 0.0,
            "style_likeness_floor": 1.0,
        }
