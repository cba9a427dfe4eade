"""Fits one wide code to a look that was never trained, in a minute: every shared weight stays as it is.

    adversarial   a small discriminator, trained along, on crops of the reference against outputs (hinge)
    features      Gram matrices of that discriminator's features
    filters       the same of fixed random filters, against the whole reference
    palette       broad colours as often as the reference has them
    tone, place   dark stays darker than light, in the broad and in the fine
    structure     what stands out from its surroundings still does
    motion        synthetic motion, so that what is fitted stays calm
    small         offsets no larger than they need to be

Deterministic for a number of steps; how many fit into the time is up to the machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from stylereel.core.errors import TrainingDivergedError
from stylereel.data.stream import to_tensor
from stylereel.losses.adversarial import discriminator_loss, generator_loss
from stylereel.losses.diff_augment import diff_augment
from stylereel.losses.gram import gram, gram_matrix
from stylereel.losses.palette import palette
from stylereel.losses.structure import structure
from stylereel.losses.synthetic_motion import disturbed, random_motion, synthetic_motion
from stylereel.losses.tone import tone
from stylereel.networks.discriminators import patch
from stylereel.networks.margins import inner
from stylereel.networks.random_filters import RandomFilters
from stylereel.training.anchors import anchor_maps, places_after_motion, random_places
from stylereel.training.precision import autocast, chosen_precision


@dataclass(frozen=True)
class Terms:
    """Weights of the terms, and sizes of the steps."""

    crop_px: int = 128
    crops: int = 3
    adversarial: float = 2.0
    features: float = 4.0
    filters: float = 4.0
    palette: float = 2.0
    tone: float = 1.0
    place: float = 0.5
    structure: float = 0.0
    """Not used by default: what it keeps of the content has not been weighed against the look yet."""
    motion: float = 4.0
    small: float = 0.002
    steering_rate: float = 0.03
    offsets_rate: float = 0.03
    discriminator_rate: float = 2e-3


TERMS = Terms()


def fit_code(
    generator: nn.Module,
    code: np.ndarray,
    content: Sequence[np.ndarray],
    style: Sequence[np.ndarray],
    *,
    seconds: float,
    seed: int = 1,
    terms: Terms = TERMS,
    most_steps: int | None = None,
    on_step: Callable[[int, float], None] = lambda step, elapsed: None,
) -> np.ndarray:
    """The code, moved towards the look of `style` and given offsets.

    Args:
        generator: `conditional`, with its weights.
        code: `(S,)` or `(S + L,)` float32 to begin with.
        content: frames that the look will be laid over, `(H, W, 3)` uint8 RGB, as large as they will be.
        style: pictures of the look, likewise, reduced as training reads them.
        seconds: how long to fit.
        seed: of everything random.
        terms: weights and step sizes.
        most_steps: an end by steps, which is the same on every machine.
        on_step: told after each step its number, from 1, and the time since the first began.

    Returns:
        `(S + L,)` float32: an average over the last steps.

    Raises:
        TrainingDivergedError: a loss is not finite.
    """
    fit = _Fit(generator, code, content, style, seed, terms)
    began, step = time.monotonic(), 0
    while True:
        elapsed = time.monotonic() - began
        if elapsed >= seconds or (most_steps is not None and step >= most_steps):
            return fit.averaged()
        done = max(elapsed / seconds, 0 if most_steps is None else step / most_steps)
        fit.step(step, done)
        step += 1
        on_step(step, time.monotonic() - began)


class _Fit:
    """The state of a fit: the code in two parts, a discriminator, crops."""

    def __init__(
        self,
        generator: nn.Module,
        code: np.ndarray,
        content: Sequence[np.ndarray],
        style: Sequence[np.ndarray],
        seed: int,
        terms: Terms,
    ) -> None:
        self.generator, self.terms = generator.eval().requires_grad_(False), terms
        self.size = int(generator.code_size)  # type: ignore[arg-type]
        self.channels = int(generator.config.anchor_channels)  # type: ignore[union-attr, arg-type]
        offsets = np.zeros(int(generator.offsets_size), np.float32)  # type: ignore[arg-type]
        offsets[: len(code) - self.size] = code[self.size :]
        self.steering = nn.Parameter(torch.from_numpy(code[: self.size - 1].copy()))
        self.offsets = nn.Parameter(torch.from_numpy(offsets))
        self.rng = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.judge = patch.Discriminator(patch.Config(channels=24, layers=3, scales=1))
        self.filters = RandomFilters()
        self.content = [to_tensor(frame[None])[0] for frame in content]
        self.style = [to_tensor(picture[None])[0] for picture in style]
        self.precision: Literal["bf16", "fp32"] = chosen_precision("auto", torch.device("cpu"))
        groups = [
            {"params": [self.steering], "lr": terms.steering_rate},
            {"params": [self.offsets], "lr": terms.offsets_rate},
        ]
        self.of_code = torch.optim.Adam(groups, betas=(0.5, 0.99))
        rate = terms.discriminator_rate
        self.of_judge = torch.optim.Adam(self.judge.parameters(), lr=rate, betas=(0.5, 0.99))
        self.full_rates = [group["lr"] for group in self.of_code.param_groups]
        self.mean: Tensor | None = None
        with torch.no_grad():
            few = self._crops(self.style, 24)
            self.wanted = [gram_matrix(maps).mean(dim=0) for maps in self.filters(inner(few))]

    def step(self, step: int, done: float) -> None:
        """One step of the discriminator and of the code; `done` is the part of the time that has passed."""
        terms = self.terms
        content, style = self._crops(self.content, terms.crops), self._crops(self.style, terms.crops)
        motion = random_motion(1, content.shape[-2], content.shape[-1], self.rng)
        places = random_places(len(content), content.shape[-2], content.shape[-1], self.rng)
        moved = disturbed(motion.warp(content[:1]).clamp(-1, 1), self.rng)
        anchors = None
        if self.channels:
            after = places_after_motion(places[:1], motion.grid, self.rng)
            anchors = anchor_maps(torch.cat([places, after]), self.channels)
        with autocast(self.precision, torch.device("cpu")):
            code = self._code().expand(len(content) + 1, -1)
            every = self.generator(torch.cat([content, moved]), code, anchors).float()
        fake, of_moved = every[:-1], every[-1:]
        self._judge_learns(style, fake.detach())
        self.judge.requires_grad_(False)
        with autocast(self.precision, torch.device("cpu")):
            verdicts, features = self.judge.with_features(diff_augment(inner(fake), self.rng))
            with torch.no_grad():
                real = self.judge.with_features(inner(style))[1]
            losses = [
                terms.adversarial * generator_loss("hinge", verdicts),
                terms.features * gram(features, [gram_matrix(maps).mean(dim=0) for maps in real]),
                terms.filters * gram(self.filters(inner(fake)), self.wanted),
                terms.palette * palette(inner(fake), inner(style), self.rng),
                terms.tone * tone(inner(fake), inner(content)),
                terms.place * tone(inner(fake), inner(content), cell_px=4),
                terms.motion * synthetic_motion(fake[:1].detach(), of_moved, motion),
                terms.small * self.offsets.square().mean(),
            ]
            if terms.structure:
                losses.append(terms.structure * structure(inner(fake), inner(content)))
        loss = torch.stack([term.float() for term in losses]).sum()
        if not math.isfinite(float(loss.detach())):
            raise TrainingDivergedError(f"Fitting the look diverged at step {step}: leave --adapt out.")
        self.of_code.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([self.steering, self.offsets], 10.0)
        factor = min(1.0, (step + 1) / 10) * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
        for group, rate in zip(self.of_code.param_groups, self.full_rates, strict=True):
            group["lr"] = rate * factor
        self.of_code.step()
        self._average(step)

    def averaged(self) -> np.ndarray:
        """What `fit_code` returns."""
        code = self._code()[0].detach() if self.mean is None else self.mean
        return code.numpy().astype(np.float32)

    def _judge_learns(self, style: Tensor, fake: Tensor) -> None:
        self.judge.requires_grad_(True)
        with autocast(self.precision, torch.device("cpu")):
            logits = self.judge(diff_augment(inner(torch.cat([style, fake])), self.rng))
            n = len(style)
            loss = discriminator_loss("hinge", [m[:n] for m in logits], [m[n:] for m in logits])
        self.of_judge.zero_grad(set_to_none=True)
        loss.backward()
        self.of_judge.step()

    def _average(self, step: int) -> None:
        code, kept = self._code()[0].detach(), min(0.95, step / (10 + step))
        self.mean = code.clone() if self.mean is None else kept * self.mean + (1 - kept) * code

    def _code(self) -> Tensor:
        return torch.cat([self.steering, self.steering.new_zeros(1), self.offsets])[None]

    def _crops(self, pictures: Sequence[Tensor], count: int) -> Tensor:
        """Random crops, mirrored at random, `(count, 3, side, side)`; small pictures go on as in a mirror."""
        side, crops = self.terms.crop_px, []
        for _ in range(count):
            picture = pictures[self._drawn(len(pictures))]
            top, left = (self._drawn(max(0, length - side) + 1) for length in picture.shape[1:])
            crop = _filled(picture[:, top : top + side, left : left + side], side)
            crops.append(crop.flip(2) if self._drawn(2) else crop)
        return torch.stack(crops)

    def _drawn(self, count: int) -> int:
        return int(torch.randint(count, (), generator=self.rng))


def _filled(crop: Tensor, side: int) -> Tensor:
    for axis in (1, 2):
        while crop.shape[axis] < side:
            more = crop.flip(axis).narrow(axis, 0, min(crop.shape[axis], side - crop.shape[axis]))
            crop = torch.cat([crop, more], dim=axis)
    return crop
