"""Training runs that are small enough for tests: pictures painted by the tests, networks of few channels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import toy_pictures as toy
from clips import make_clip
from stylereel.actions.training_material import cutter_of
from stylereel.data.batches import Batch
from stylereel.data.credits import CreditBook
from stylereel.data.films import gather_films
from stylereel.data.gather import Gathered, GatheredLooks, GatherRules, Named, gather
from stylereel.data.stream import BatchStream
from stylereel.losses.adversarial import discriminator_loss, generator_loss
from stylereel.networks.discriminators import patch
from stylereel.training.health import Nurse, health_crops
from stylereel.training.loop import Run, StepReport, train
from stylereel.training.phases import Phase
from stylereel.training.settings import RECIPES, Resolved, resolve

TINY_NETWORKS: dict[str, Any] = {
    "generator": {"detail_channels": 12, "trunk_channels": 16, "blocks": 1},
    "discriminator": {"channels": 8, "layers": 2},
}
TINY_RECIPE: dict[str, Any] = {**TINY_NETWORKS, "nce_patches": 32}
TINY_RECIPES: dict[str, dict[str, Any]] = {
    "unpaired": TINY_RECIPE,
    "cyclegan": {**TINY_NETWORKS, "pool_size": 12},
    "conditional": {**TINY_RECIPE, "encoder": {"channels": 8, "hidden": 16}},
    "recycle": {**TINY_NETWORKS, "pool_size": 12, "predictor_channels": 4},
    "extend": {"discriminator": TINY_NETWORKS["discriminator"], "nce_patches": 32},
}
"""Small settings of a recipe; one that is not here is tested with small networks."""
TINY_DATA: dict[str, Any] = {
    "crop_px": 48,
    "batch_size": 2,
    "content_short_side_px": [64, 96],
    "style_scales": [1.0, 1.3],
}


@dataclass
class Material:
    """Content and style in memory, and settings that fit them."""

    resolved: Resolved
    content: Gathered
    style: Gathered

    def run(self, total_steps: int, recipe: Any = None) -> Run:
        """A new run on the CPU, in fp32."""
        settings = self.resolved.settings
        torch.manual_seed(settings.seed)
        recipe = recipe or self.resolved.recipe.Recipe(self.resolved.recipe_config, total_steps=total_steps)
        return Run(recipe, total_steps, torch.device("cpu"), settings.loop, settings.seed)

    def stream(self, start: int = 0) -> BatchStream:
        """Batches, from number `start`."""
        cutter = cutter_of(self.resolved, self.content, self.style, lambda notice: None)
        return BatchStream(cutter, start=start)

    def nurse(self, said: list[str], every_steps: int, crops: int = 12) -> Nurse:
        """All watches; `said` collects the names of the faults that they see."""
        seen = health_crops(self.content, self.style, self.resolved.settings, crops)
        return Nurse(seen, every_steps, on_alarm=lambda name, sentence, step: said.append(name))


def material(
    folder: Path,
    assignments: tuple[str, ...] = (),
    *,
    recipe: str = "unpaired",
    content: Path | None = None,
    style: Path | None = None,
) -> Material:
    """Pictures read from `content` and `style`, painted below `folder` where not given."""
    wish = RECIPES.load(recipe).Config().clips
    films = wish is not None and wish.alone
    content = content or (toy_film if films else toy.content_folder)(folder / "content", 12)
    style = style or (toy_film if films else toy.style_folder)(folder / "style", 16)
    values = {
        "content": str(content),
        "style": _looks(style, recipe),
        "data": TINY_DATA,
        "loop": {"precision": "fp32"},
        "recipe": recipe,
        recipe: TINY_RECIPES.get(recipe, TINY_NETWORKS),
    }
    if recipe == "extend":
        from many_looks import many_pack, many_recipe

        values["init"] = str(many_pack(folder / "many", many_recipe()).folder)
    resolved = resolve(values, "the test", assignments)

    def gathered(path: Path, role: str) -> Gathered:
        rules = GatherRules(role, 96, 32, 1, 10**9, seed=resolved.settings.seed)
        return (gather_films if films else gather)([Named(path)], rules, CreditBook())

    of_style = gathered(style, "style")
    if hasattr(resolved.recipe_config, "styles"):
        of_style = GatheredLooks.of([of_style, of_style])
    return Material(resolved, gathered(content, "content"), of_style)


def _looks(style: Path, recipe: str) -> str | list[dict[str, str]]:
    """The style folder; where a recipe learns several looks, twice."""
    if "styles" not in RECIPES.load(recipe).Config.model_fields:
        return str(style)
    return [{"path": str(style), "look": look} for look in ("first", "second")]


def toy_film(folder: Path, frames: int) -> Path:
    """A folder with a video of that many frames, twice: what is held out needs a run of its own."""
    folder.mkdir(parents=True)
    make_clip(folder / "film.mp4", frames=2 * frames, size=(128, 96))
    return folder


def train_all(
    run: Run, stream: BatchStream, watches: tuple[Nurse, ...] = (), *, steps: int | None = None
) -> list[StepReport]:
    """Train to the end of the run, or only its first `steps`."""
    try:
        return list(train(run, stream, watches, lambda: steps is not None and run.step >= steps))
    finally:
        stream.close()


class GameRecipe:
    """Nothing but a given generator against a discriminator: causes faults in pure form."""

    phases = (Phase("discriminator", ("discriminator",)), Phase("generator", ("generator",)))

    def __init__(self, generator: nn.Module, *, channels: int = 8, rate: float = 2e-3) -> None:
        self.modules: dict[str, nn.Module] = {
            "generator": generator,
            "discriminator": patch.Discriminator(patch.Config(channels=channels, layers=2, scales=1)),
        }
        self.rate = rate

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {
            "generator": torch.optim.SGD(self.modules["generator"].parameters(), lr=0.0),
            "discriminator": torch.optim.Adam(
                self.modules["discriminator"].parameters(), lr=self.rate, betas=(0.5, 0.99)
            ),
        }

    def learning_rate(self, name: str, step: int) -> float:
        return 1.0

    def forward(self, batch: Batch, step: int, rng: torch.Generator) -> Tensor:
        return self.modules["generator"](batch.content)

    def losses(self, phase: Phase, batch: Batch, shared: Tensor, step: int) -> dict[str, Tensor]:
        judge = self.modules["discriminator"]
        if phase.name == "discriminator":
            loss = discriminator_loss("hinge", judge(batch.style), judge(shared.detach()))
        else:
            loss = generator_loss("hinge", judge(shared))
        return {"adversarial": loss}

    def preview(self, generator: nn.Module, content: Tensor, first: int = 0) -> Tensor:
        return generator(content)

    def ema_decay(self, step: int) -> float:
        return 0.9


class Scaled(nn.Module):
    """Multiplies a picture by one learned number: an identity, or an inverted picture."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures * self.factor


class PixelShuffleHead(nn.Module):
    """Strided convolution and a pixel shuffle, freshly initialised: prints its 4-px grid."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.stem = nn.Conv2d(3, 16, 4, stride=4)
        self.head = nn.Conv2d(16, 48, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.tanh(4 * nn.functional.pixel_shuffle(self.head(torch.relu(self.stem(pictures))), 4))


class SharpenedEdges(nn.Module):
    """Unsharp masking with a wide kernel: rims along every strong edge."""

    def __init__(self, amount: float = 1.5) -> None:
        super().__init__()
        self.amount = nn.Parameter(torch.tensor(amount))

    def forward(self, pictures: Tensor) -> Tensor:
        padded = nn.functional.pad(pictures, (5, 5, 5, 5), mode="replicate")
        blurred = nn.functional.avg_pool2d(padded, 11, 1)
        return pictures + self.amount * (pictures - blurred)


class OnePicture(nn.Module):
    """Makes the same strokes whatever comes in."""

    def __init__(self, side: int) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.picture = nn.Parameter(torch.rand(3, side, side) * 2 - 1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.picture.expand_as(pictures) + 0.02 * pictures
