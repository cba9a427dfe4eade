"""Watches over a run's health: each sees one fault, says it in plain words, and what to change.

They look at held-out crops every few hundred steps and change nothing. A `Look` holds what they see; a watch
speaks when its figure is over the line in several looks running, and once per fault.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stylereel.core.errors import TrainingDivergedError
from stylereel.data.crops import CropSampler
from stylereel.data.gather import Gathered
from stylereel.data.stream import to_tensor
from stylereel.losses.sliced_wasserstein import sliced_wasserstein
from stylereel.networks.margins import inner
from stylereel.training import symptoms
from stylereel.training.loop import Run, StepReport
from stylereel.training.settings import TrainSettings


@dataclass(frozen=True)
class Crops:
    """The same crops at every look, `(N, 3, h, w)` in [-1, 1].

    Attributes:
        content: held out.
        training_style: of pictures that are trained on.
        held_out_style: of pictures that are not.
    """

    content: Tensor
    training_style: Tensor
    held_out_style: Tensor


def health_crops(content: Gathered, style: Gathered, settings: TrainSettings, count: int) -> Crops:
    """Crops of what is held out, and as many style crops of what is trained on."""
    data = settings.data.model_copy(update={"batch_size": count, "content_exposure_stops": 0.0})
    held_out = CropSampler(content.held_out, style.held_out, data, settings.seed)
    training = CropSampler(content.training, style.training, data, settings.seed)
    # More style crops, because the discriminator's verdicts on them are compared.
    numbers = range(4)
    return Crops(
        content=to_tensor(held_out.content_crops(0)),
        training_style=to_tensor(np.concatenate([training.style_crops(number) for number in numbers])),
        held_out_style=to_tensor(np.concatenate([held_out.style_crops(number) for number in numbers])),
    )


@dataclass(frozen=True)
class Look:
    """What the watches see at one moment.

    Attributes:
        step: steps done.
        content: held-out content, `(N, 3, h, w)`.
        outputs: what the averaged generator makes of it.
        fresh_outputs: what the generator as it is now makes of it.
        verdicts: mean logits of each crop by "training_style", "held_out_style" and "outputs"; empty without
        a
            discriminator.
        texture_to_training, texture_to_held_out: sliced Wasserstein distance of the outputs.
        discriminator_loss: mean of the steps since the last look, over its value when it knew nothing.
        by_look: of a run of many looks what it makes of all of `content` in each, by the look's name.
    """

    step: int
    content: Tensor
    outputs: Tensor
    fresh_outputs: Tensor
    verdicts: dict[str, Tensor]
    texture_to_training: float
    texture_to_held_out: float
    discriminator_loss: float
    by_look: dict[str, Tensor] = field(default_factory=dict)


@dataclass
class Watch:
    """One fault.

    Attributes:
        name: of the fault, for logs.
        measure: its figure in a look; nan where it cannot be told.
        line: the figure is bad above this.
        patience: looks running that must be bad.
        advice: what it means and what to change; `{figure}` and `{line}` are filled in.
        stops: raise instead of speaking.
    """

    name: str
    measure: Callable[[Look], float]
    line: float
    patience: int
    advice: str
    stops: bool = False
    bad_looks: int = 0
    figure: float = float("nan")

    def look(self, look: Look) -> str | None:
        """Measure; returns the sentence when the fault has just become certain."""
        self.figure = float(self.measure(look))
        self.bad_looks = self.bad_looks + 1 if self.figure > self.line else 0
        if self.bad_looks != self.patience:
            return None
        sentence = self.advice.format(figure=f"{self.figure:.2f}", line=f"{self.line:g}")
        if self.stops:
            raise TrainingDivergedError(f"Training diverged at step {look.step}: {sentence}")
        return sentence


def _collapse(look_name: str | None = None) -> Watch:
    """Of a run of one look, or of one look of many: beside each other looks differ whatever they lost."""

    def measure(look: Look) -> float:
        outputs = look.outputs if look_name is None else look.by_look[look_name]
        return 1.0 - symptoms.variety(outputs, look.content)

    where = "" if look_name is None else f" in the look '{look_name}'".replace("{", "{{").replace("}", "}}")
    return Watch(
        "collapse" if look_name is None else f"collapse of {look_name}",
        measure,
        line=0.88,
        patience=2,
        advice=(
            f"the results{where} are alike whatever the content is "
            "({figure} of the content's variety is gone). Raise the weight of the content term, or lower the "
            "adversarial and texture weights."
        ),
    )


def all_watches(looks: Sequence[str] = ()) -> list[Watch]:
    """Every watch, at its beginning.

    Args:
        looks: names of those that a run of many learns; each is watched for collapse by itself.
    """
    return [
        Watch(
            "divergence",
            lambda look: symptoms.saturation(look.fresh_outputs) - symptoms.saturation(look.content),
            line=0.6,
            patience=2,
            stops=True,
            advice=(
                "the pictures have burnt out to pure black, white or primary colours ({figure} of all "
                "values more than in the content). The last good checkpoint is kept. Start again with a "
                "lower learning rate."
            ),
        ),
        Watch(
            "discriminator has won",
            lambda look: 1.0 - look.discriminator_loss,
            line=0.95,
            patience=3,
            advice=(
                "the discriminator has won: it tells every result from a style picture without effort, so "
                "the generator learns nothing more from it. Lower the discriminator's learning rate, give "
                "it fewer channels, or give R1 a weight."
            ),
        ),
        *([_collapse(name) for name in looks] or [_collapse()]),
        Watch(
            "inverted colours",
            lambda look: -symptoms.luma_correlation(look.outputs, look.content),
            line=0.1,
            patience=3,
            advice=(
                "light and dark are swapped in the results (correlation with the content -{figure}). "
                "Raise the weight of the identity term, or start again with another seed or from a "
                "shipped style (--init)."
            ),
        ),
        Watch(
            "grid",
            lambda look: symptoms.grid_peak(look.outputs) / max(1.0, symptoms.grid_peak(look.content)),
            line=4.0,
            patience=2,
            advice=(
                "a regular grid shows in the results (a peak {figure} times its neighbourhood at a period "
                "of 2, 4 or 8 px). Use a generator whose head upsamples smoothly (a resize or a smooth "
                "transposed convolution instead of a pixel shuffle), or train longer."
            ),
        ),
        Watch(
            "halos",
            lambda look: symptoms.halo(look.outputs, look.content),
            line=0.2,
            patience=2,
            advice=(
                "bright or dark rims stand along strong edges ({figure} of the edge's own step). Lower "
                "the texture or adversarial weight, raise the content term, or use a larger --brush-size."
            ),
        ),
        Watch(
            "overfitting",
            Overfitting(),
            line=0.0,
            patience=3,
            advice=(
                "the discriminator knows the training pictures by heart: it tells them from held-out ones "
                "of the same style. Add style pictures, train for fewer steps, use a smaller "
                "discriminator, or give R1 a weight."
            ),
        ),
        Watch(
            "texture worsens",
            TextureWorsens(),
            line=0.0,
            patience=3,
            advice=(
                "the results have come closer to the training pictures but further from held-out ones of "
                "the same style: the look is being learned by heart. Stop here, or add style pictures."
            ),
        ),
    ]


class Overfitting:
    """How far the discriminator's verdict on held-out style has fallen from training style towards results.

    The heuristic of Karras et al. 2020 (ADA), r_v: (D(train) - D(held out)) / (D(train) - D(results)); here
    it
    must also be larger than what chance makes of so few crops. They hold it at 0.6 on purpose, so the line is
    above that.
    """

    LINE = 0.75

    def __call__(self, look: Look) -> float:
        if not look.verdicts:
            return float("nan")
        training, held_out = look.verdicts["training_style"], look.verdicts["held_out_style"]
        results = look.verdicts["outputs"]
        gap = float(training.mean() - held_out.mean())
        apart = float(training.mean() - results.mean())
        noise = float((training.var() / len(training) + held_out.var() / len(held_out)).sqrt())
        if apart <= 0 or gap < 3.0 * noise:
            return -self.LINE
        return gap / apart - self.LINE


class TextureWorsens:
    """Growth of the texture distance to held-out style since its best, where that to training style kept
    falling."""

    LINE = 0.2

    def __init__(self) -> None:
        self.best_held_out = float("inf")
        self.training_then = float("inf")

    def __call__(self, look: Look) -> float:
        if look.texture_to_held_out < self.best_held_out:
            self.best_held_out, self.training_then = look.texture_to_held_out, look.texture_to_training
        if look.texture_to_training >= self.training_then:
            return -self.LINE
        return look.texture_to_held_out / self.best_held_out - 1.0 - self.LINE


@dataclass
class Nurse:
    """Looks every `every_steps` and asks all watches; remembers across a resume what it had seen.

    `looks`: names of those that a run of many learns, in the order of its recipe.
    """

    crops: Crops
    every_steps: int
    on_alarm: Callable[[str, str, int], None]
    on_figures: Callable[[dict[str, float], int], None] = lambda figures, step: None
    looks: Sequence[str] = ()
    watches: list[Watch] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    _first_losses: list[float] = field(default_factory=list)
    _losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watches = self.watches or all_watches(self.looks)

    def __call__(self, run: Run, report: StepReport) -> None:
        """Called by the loop after each step."""
        loss = report.losses.get("discriminator/adversarial")
        if loss is not None:
            if len(self._first_losses) < 3:
                self._first_losses.append(loss)
            self._losses.append(loss)
        if run.step % self.every_steps == 0:
            self.look(run)

    def look(self, run: Run) -> None:
        """Measure now, tell the figures and what has become certain.

        Raises:
            TrainingDivergedError: a watch that stops the run has become certain.
        """
        look = self.see(run)
        self._losses.clear()
        for watch in self.watches:
            sentence = watch.look(look)
            if sentence is not None:
                self.spoken.append(watch.name)
                self.on_alarm(watch.name, sentence[0].upper() + sentence[1:], look.step)
        self.on_figures({watch.name: watch.figure for watch in self.watches}, look.step)

    def finds_sound(self, run: Run) -> bool:
        """Whether every number is finite now and no watch that stops a run finds its fault.

        Changes neither the run nor what the watches remember, so that the clock may decide when it is asked.
        """
        modules = (*run.recipe.modules.values(), run.generator)
        if not all(bool(v.isfinite().all()) for module in modules for v in module.state_dict().values()):
            return False
        look = self.see(run, each_look=False)
        return not any(watch.measure(look) > watch.line for watch in self.watches if watch.stops)

    @torch.no_grad()
    def see(self, run: Run, *, each_look: bool = True) -> Look:
        """What the watches look at; changes nothing in the run. Looks one by one only where `each_look`."""
        recipe, device = run.recipe, run.device
        content = self.crops.content.to(device)
        outputs = recipe.preview(run.generator, content).float().cpu()
        current = recipe.modules["generator"]
        current.eval()
        fresh = recipe.preview(current, content).float().cpu()
        current.train()
        by_look = {
            name: inner(recipe.preview_look(run.generator, content, number).float().cpu())  # type: ignore[attr-defined]
            for number, name in enumerate(self.looks if each_look else ())
        }
        verdicts = {}
        if "discriminator" in recipe.modules:
            groups = {
                "training_style": self.crops.training_style,
                "held_out_style": self.crops.held_out_style,
                "outputs": outputs,
            }
            verdicts = _verdicts(recipe.modules["discriminator"], groups, device)
        held_out, training = (
            inner(crops) for crops in (self.crops.held_out_style, self.crops.training_style)
        )
        content, outputs, fresh = inner(self.crops.content), inner(outputs), inner(fresh)
        random = torch.Generator().manual_seed(0)
        to_training = float(sliced_wasserstein(outputs, training, random))
        random.manual_seed(0)
        to_held_out = float(sliced_wasserstein(outputs, held_out, random))
        knew_nothing = float(np.mean(self._first_losses)) if self._first_losses else float("nan")
        relative = (
            float(np.mean(self._losses)) / knew_nothing if self._losses and knew_nothing else float("nan")
        )
        return Look(run.step, content, outputs, fresh, verdicts, to_training, to_held_out, relative, by_look)

    def state_dict(self) -> dict[str, Any]:
        """Plain values for a checkpoint."""
        return {
            "bad_looks": {watch.name: watch.bad_looks for watch in self.watches},
            "texture": [
                [watch.measure.best_held_out, watch.measure.training_then]
                for watch in self.watches
                if isinstance(watch.measure, TextureWorsens)
            ],
            "first_losses": list(self._first_losses),
            "losses": list(self._losses),
            "spoken": list(self.spoken),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as if there had been no interruption."""
        if not state:
            return
        for watch in self.watches:
            watch.bad_looks = int(state["bad_looks"].get(watch.name, 0))
        textures = [watch.measure for watch in self.watches if isinstance(watch.measure, TextureWorsens)]
        for texture, (best, training) in zip(textures, state["texture"], strict=False):
            texture.best_held_out, texture.training_then = best, training
        self._first_losses, self._losses = list(state["first_losses"]), list(state["losses"])
        self.spoken = list(state["spoken"])


def _verdicts(discriminator: nn.Module, groups: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """Mean logit of each crop, over places and scales, in evaluation mode (spectral norms stand still).

    Of a discriminator with a head per look, the head that is surest of the crop.
    """
    discriminator.eval()
    found = {}
    for name, crops in groups.items():
        maps: Sequence[Tensor] = discriminator(crops.to(device))
        found[name] = (
            torch.stack([v.float().mean(dim=(2, 3)) for v in maps]).mean(dim=0).max(dim=1).values.cpu()
        )
    discriminator.train()
    return found
