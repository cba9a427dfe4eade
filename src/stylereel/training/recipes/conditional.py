"""`conditional`: one generator for many looks, steered by a style code; unpaired.

A batch has as many style crops as content crops, each style as often as the others. Each content crop is
shown in a look that is drawn for it:

    named        the learned code of the style beside it
    reference    what the encoder reads off the style crop beside it; in a part of them that crop's colours
                 are exchanged at random, so that palettes are met that no style has
    varied       the named code moved by the mapping network, from noise
    mixed        a mixture of two named codes
    photograph   the code that keeps the photograph a photograph: where --strength begins

    adversarial   one verdict per style on shared features (hinge); photographs, and pictures under the name
                  of another style, stand among the fakes
    features      Gram matrices of the discriminators' own features, per style, or the reference's own
    filters       the same of random filters
    palette, hue  broad colours, within each style
    tone          dark stays darker than light
    nce           PatchNCE on the generator's own features at the code of zeros
    taught        as a style's own network paints it, where a named style has one
    identity      a style picture under its own name, and a photograph under none, pass unchanged
    code          the encoder reads back the code that a picture was made with (Choi et al. 2020)
    diversity     two variations of a look differ (the same)
    motion        synthetic motion, the code moved a little too: a slowly changing code changes slowly
    real_motion   the same on the content's own videos
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylereel.data.batches import Batch
from stylereel.losses.adversarial import discriminator_loss, generator_loss
from stylereel.losses.diff_augment import diff_augment
from stylereel.losses.distillation import distillation
from stylereel.losses.gradient_penalty import r1_penalty
from stylereel.losses.gram import gram, gram_matrix
from stylereel.losses.hue import hue
from stylereel.losses.palette import palette
from stylereel.losses.patch_nce import patch_nce
from stylereel.losses.real_motion import real_motion
from stylereel.losses.sharpened import sharpened
from stylereel.losses.synthetic_motion import Motion, disturbed, random_motion, synthetic_motion
from stylereel.losses.tone import tone
from stylereel.networks.discriminators import patch
from stylereel.networks.generators import conditional
from stylereel.networks.margins import inner
from stylereel.networks.random_filters import RandomFilters
from stylereel.networks.style_codes import StyleCodes
from stylereel.networks.style_encoders import texture
from stylereel.training.anchors import (
    anchor_maps,
    places_after_flow,
    places_after_motion,
    random_places,
    still_anchors,
)
from stylereel.training.conditional_settings import Config
from stylereel.training.looks import Looks, draw_looks, exchanged_colors
from stylereel.training.phases import Phase
from stylereel.training.recipes.unpaired import Projector
from stylereel.training.running_gram import RunningGrams


@dataclass(frozen=True)
class Shared:
    """What both phases look at."""

    content: Tensor  # (N, 3, h, w): the last of them are the clips' first frames
    looks: Looks
    groups: list[Tensor]  # rows of `content` that are shown wholly in one style
    labels: list[int]  # of the style crops
    fake: Tensor  # of content
    fake_of_moved: Tensor  # of the first pictures of `content`, moved
    fake_of_later: Tensor  # of the clips' second frames
    identity: Tensor  # of the first style crops, under their own names
    twins: Tensor  # other variations of the pictures that `looks.varied` names
    content_features: list[Tensor]
    motion: Motion
    taught_rows: Tensor  # of `content`: shown in a style that has a teacher, under its name
    taught: Tensor  # what the teachers make of them
    references: Tensor  # what the encoder has read the codes of `looks.referenced` off
    rng: torch.Generator


class Recipe:
    """See the module's docstring."""

    phases = (
        Phase("discriminator", trains=("discriminator",)),
        Phase("generator", trains=("generator", "codes", "encoder", "projector")),
    )

    def __init__(self, config: Config | None = None, *, total_steps: int) -> None:
        self.config = config or Config()
        self.total_steps = max(1, total_steps)
        count, size = len(self.config.styles), self.config.generator.code_size
        self.anchor_channels = self.config.generator.anchor_channels
        self.generator = conditional.Generator(self.config.generator)
        heads = self.config.discriminator.model_copy(update={"heads": count})
        self.discriminator = patch.Discriminator(heads)
        self.encoder = texture.StyleEncoder(self.config.encoder.model_copy(update={"code_size": size}))
        self.codes = StyleCodes(count, size)
        self.projector = Projector(self.generator.feature_channels)
        self.filters = RandomFilters()
        self.style_filters = RunningGrams(self.filters.channels, 0.99, count)
        self.style_features = RunningGrams(self.discriminator.feature_channels, 0.9, count)
        self.teachers: dict[int, nn.Module] = {}
        self.modules: dict[str, nn.Module] = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "codes": self.codes,
            "encoder": self.encoder,
            "projector": self.projector,
            "filters": self.filters,
            "style_filters": self.style_filters,
            "style_features": self.style_features,
        }

    def teach(self, teachers: Mapping[int, nn.Module]) -> None:
        """Let networks of one style each, `light` ones, show how those styles are painted.

        Args:
            teachers: by the style's label; they are not trained and stand in no checkpoint.
        """
        self.teachers = {label: teacher.eval().requires_grad_(False) for label, teacher in teachers.items()}

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam with betas (0.5, 0.99), one optimizer per module; codes move three times as far a step."""
        rates = {
            "generator": self.config.generator_rate,
            "codes": 3 * self.config.generator_rate,
            "encoder": 0.5 * self.config.generator_rate,
            "discriminator": self.config.discriminator_rate,
            "projector": self.config.discriminator_rate,
        }
        return {
            name: torch.optim.Adam(self.modules[name].parameters(), lr=rate, betas=(0.5, 0.99))
            for name, rate in rates.items()
        }

    def learning_rate(self, name: str, step: int) -> float:
        """Factor on the rate: a short warm-up, flat for half, then a cosine to a twentieth."""
        warm = min(1.0, (step + 1) / 100)
        fall = max(0.0, (step / self.total_steps - 0.5) / 0.5)
        return warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, fall))))

    def ema_decay(self, step: int) -> float:
        """Averages over about the last tenth of the run so far, at most 1,000 steps."""
        return min(0.999, (1 + step) / (10 + step))

    def ramp(self, step: int, weight: float) -> float:
        """From `motion_start` to `weight` over the first 60 % of the run; 0 stays 0."""
        part = min(1.0, step / (0.6 * self.total_steps))
        start = min(self.config.motion_start, weight)
        return start + (weight - start) * part

    def forward(self, batch: Batch, step: int, rng: torch.Generator) -> Shared:
        """One pass of the generator over content, moved copies of it, later frames, style and twins."""
        settings = self.config
        content, style, later = batch.content, batch.style, batch.content[:0]
        n, device = len(content), batch.content.device
        if batch.moving is not None:
            firsts, later = batch.moving.frames[:, 0], batch.moving.frames[:, 1]
            content = torch.cat([content[: max(0, n - len(firsts))], firsts])
            n = len(content)
        labels = self._labels(batch, rng)
        looks = draw_looks(labels, n, len(settings.styles), settings.shares, rng)
        lessons = looks.named_by_label(labels, self.teachers)
        groups, looks = [rows.to(device) for rows in looks.groups(labels)], looks.to(device)
        references = style[looks.referenced].clone()
        references[looks.recolored] = exchanged_colors(references[looks.recolored], rng)
        codes = self._codes(looks, references, rng)
        noise = torch.randn(len(looks.varied), self.codes.noise, generator=rng).to(device)
        twin_codes = self.codes.varied(looks.weights[looks.varied], noise)
        moved_count, style_count = max(1, n // 4), max(1, n // 8)
        motion = random_motion(moved_count, content.shape[-2], content.shape[-1], rng).to(device)
        moved = disturbed(motion.warp(content[:moved_count]).clamp(-1, 1), rng)
        one_hot = torch.eye(len(settings.styles), device=device)[torch.tensor(labels[:style_count])]
        parts = [content, moved, later, style[:style_count], content[looks.varied]]
        part_codes = [
            codes,
            self._jittered(codes[:moved_count], rng),
            self._jittered(codes[n - len(later) :], rng),
            self.codes.of(one_hot),
            twin_codes,
        ]
        anchors = self._anchors(content, motion, batch, style_count, looks.varied, rng)
        every = self.generator(torch.cat(parts), torch.cat(part_codes), anchors)
        with torch.no_grad():
            keys = self.generator.features(content)
            taught_rows, taught = self._taught(content, anchors, lessons)
        fake, of_moved, of_later, identity, twins = every.split([len(part) for part in parts])
        return Shared(
            content=content,
            looks=looks,
            groups=groups,
            labels=labels,
            fake=fake,
            fake_of_moved=of_moved,
            fake_of_later=of_later,
            identity=identity,
            twins=twins,
            content_features=keys,
            motion=motion,
            taught_rows=taught_rows,
            taught=taught,
            references=references,
            rng=rng,
        )

    def _taught(
        self, content: Tensor, anchors: Tensor | None, lessons: dict[int, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Rows of `content` that a teacher shows, and what it makes of them."""
        rows, shown = [], []
        for label, of_label in lessons.items():
            teacher = self.teachers[label].to(content.device)
            chosen = of_label.to(content.device)
            kept = None if anchors is None else anchors[chosen]
            rows.append(chosen)
            shown.append(teacher(content[chosen], None, kept).float())
        if not rows:
            return torch.zeros(0, dtype=torch.long, device=content.device), content[:0]
        return torch.cat(rows), torch.cat(shown)

    def _labels(self, batch: Batch, rng: torch.Generator) -> list[int]:
        if batch.labels is not None:
            return batch.labels.tolist()
        return torch.randint(len(self.config.styles), (len(batch.style),), generator=rng).tolist()

    def _codes(self, looks: Looks, references: Tensor, rng: torch.Generator) -> Tensor:
        """A code for each picture of the content, `(N, S)`."""
        device = looks.weights.device
        codes = self.codes.of(looks.weights)
        codes = codes.index_copy(0, looks.photographs, self.codes.plain(len(looks.photographs)))
        noise = torch.randn(len(looks.varied), self.codes.noise, generator=rng).to(device)
        codes = codes.index_copy(0, looks.varied, self.codes.varied(looks.weights[looks.varied], noise))
        if len(looks.referenced):
            codes = codes.index_copy(0, looks.referenced, self.encoder(references).to(codes.dtype))
        return codes

    def _jittered(self, codes: Tensor, rng: torch.Generator) -> Tensor:
        moved = torch.randn(codes.shape, generator=rng) * self.config.code_jitter
        moved[:, -1] = 0
        return codes + moved.to(codes.device)

    def _anchors(
        self,
        content: Tensor,
        motion: Motion,
        batch: Batch,
        styles: int,
        varied: Tensor,
        rng: torch.Generator,
    ) -> Tensor | None:
        """Anchors of all that `forward` shows the generator, in its order; they move as the content does."""
        if not self.anchor_channels:
            return None
        n = len(content)
        places = random_places(n + styles, content.shape[-2], content.shape[-1], rng).to(content.device)
        places, of_styles = places[:n], places[n:]
        parts = [places, places_after_motion(places[: len(motion.grid)], motion.grid, rng)]
        if batch.moving is not None:
            flow = batch.moving.flow[:, 0]
            parts.append(places_after_flow(places[n - len(flow) :], flow, rng))
        return anchor_maps(torch.cat([*parts, of_styles, places[varied]]), self.anchor_channels)

    def losses(self, phase: Phase, batch: Batch, shared: Shared, step: int) -> dict[str, Tensor]:
        """Named and weighted terms of a phase; the loop sums them."""
        if phase.name == "discriminator":
            return self._discriminator_terms(batch, shared)
        return self._generator_terms(batch, shared, step)

    def _one_hot(self, labels: list[int], device: torch.device) -> Tensor:
        return torch.eye(len(self.config.styles), device=device)[torch.tensor(labels)]

    @staticmethod
    def _verdicts(logits: list[Tensor], weights: Tensor) -> list[Tensor]:
        """The verdicts of the styles that are claimed, mixed as they are: `(N, 1, h, w)` per scale."""
        return [(m * weights[:, :, None, None]).sum(dim=1, keepdim=True) for m in logits]

    def _discriminator_terms(self, batch: Batch, shared: Shared) -> dict[str, Tensor]:
        settings, device, rng = self.config, batch.style.device, shared.rng
        n, styles = len(batch.style), len(settings.styles)
        own = self._one_hot(shared.labels, device)
        judged = shared.looks.judged
        fakes, claims = [shared.fake.detach().float()[judged]], [shared.looks.weights[judged]]
        if count := round(settings.photographs * n):
            fakes.append(sharpened(batch.content[:count], rng))
            claims.append(own[:count])
        if (count := round(settings.misnamed * n)) and styles > 1:
            away = torch.randint(1, styles, (count,), generator=rng).tolist()
            wrong = [(a + b) % styles for a, b in zip(shared.labels[:count], away, strict=True)]
            fakes.append(batch.style[:count])
            claims.append(self._one_hot(wrong, device))
        both = diff_augment(inner(torch.cat([batch.style, *fakes])), rng)
        logits, features = self.discriminator.with_features(both)
        if settings.features_weight:
            self.style_features.update([maps[:n] for maps in features], own)
        verdicts = self._verdicts(logits, torch.cat([own, *claims]))
        terms = {
            "adversarial": discriminator_loss(
                settings.adversarial, [m[:n] for m in verdicts], [m[n:] for m in verdicts]
            )
        }
        if settings.r1_weight:
            penalty = r1_penalty(lambda x: self._verdicts(self.discriminator(x), own), batch.style)
            terms["r1"] = settings.r1_weight * penalty
        return terms

    def _generator_terms(self, batch: Batch, shared: Shared, step: int) -> dict[str, Tensor]:
        settings, looks, rng = self.config, shared.looks, shared.rng
        fake = shared.fake.float()
        logits, features = self.discriminator.with_features(diff_augment(inner(fake), rng))
        judged, styled = looks.judged, looks.styled
        verdicts = self._verdicts([m[judged] for m in logits], looks.weights[judged])
        terms = {
            "adversarial": settings.adversarial_weight * generator_loss(settings.adversarial, verdicts),
            "nce": settings.nce_weight * self._nce(shared.content_features, fake, rng),
            "motion": self.ramp(step, settings.motion_weight)
            * synthetic_motion(
                fake[: len(shared.motion.grid)].detach(), shared.fake_of_moved.float(), shared.motion
            ),
            "identity": settings.identity_weight
            * inner(shared.identity.float() - batch.style[: len(shared.identity)]).abs().mean(),
            "tone": settings.tone_weight * tone(inner(fake[styled]), inner(shared.content[styled])),
        }
        if len(shared.taught_rows) and settings.teacher_weight:
            term = distillation(inner(fake[shared.taught_rows]), inner(shared.taught))
            terms["taught"] = settings.teacher_weight * term
        if len(looks.photographs):
            kept = inner(fake[looks.photographs] - shared.content[looks.photographs]).abs().mean()
            terms["photograph"] = settings.photograph_weight * kept
        if batch.moving is not None and settings.real_motion_weight:
            later = shared.fake_of_later.float()
            of_clips = fake[len(fake) - len(later) :]
            term = real_motion(of_clips, later, batch.moving.flow[:, 0], batch.moving.trusted[:, 0])
            terms["real_motion"] = self.ramp(step, settings.real_motion_weight) * term
        terms |= self._texture_terms(batch, shared, fake, features, step)
        terms |= self._group_terms(batch, shared, fake, step)
        return terms | self._code_terms(batch, shared, fake, step)

    def _texture_terms(
        self, batch: Batch, shared: Shared, fake: Tensor, features: list[Tensor], step: int
    ) -> dict[str, Tensor]:
        """Gram matrices: of the style that is named, or of the reference itself."""
        settings, looks = self.config, shared.looks
        styled, referenced = looks.styled, looks.referenced
        terms = {}
        if settings.features_weight:
            wanted = self.style_features.means(looks.weights)
            if len(referenced):
                with torch.no_grad():
                    own = self.discriminator.with_features(inner(shared.references))[1]
                wanted = [
                    w.index_copy(0, referenced, gram_matrix(m)) for w, m in zip(wanted, own, strict=True)
                ]
            term = gram([maps[styled] for maps in features], [w[styled] for w in wanted])
            terms["features"] = settings.features_weight * term
        if settings.filters_weight:
            if step < 64 or step % 4 == 0:
                own_labels = self._one_hot(shared.labels, fake.device)
                self.style_filters.update(self.filters(inner(batch.style)), own_labels)
            wanted = self.style_filters.means(looks.weights)
            if len(referenced):
                own = self.filters(inner(shared.references))
                wanted = [
                    w.index_copy(0, referenced, gram_matrix(m)) for w, m in zip(wanted, own, strict=True)
                ]
            term = gram(self.filters(inner(fake[styled])), [w[styled] for w in wanted])
            terms["filters"] = settings.filters_weight * term
        return terms

    def _group_terms(self, batch: Batch, shared: Shared, fake: Tensor, step: int) -> dict[str, Tensor]:
        """Palette and hue are compared within each style: pictures that are shown wholly in it."""
        settings = self.config
        palettes, hues = [], []
        for rows in shared.groups:
            shown, style, content = inner(fake[rows]), inner(batch.style[rows]), inner(shared.content[rows])
            if settings.palette_weight:
                palettes.append(palette(shown, style, shared.rng))
            if settings.hue_weight and step >= settings.hue_start * self.total_steps:
                share = (_chroma(style) / _chroma(content).clamp_min(0.02)).clamp(0, 1).square()
                hues.append(share * hue(shown, content))
        terms = {}
        if palettes:
            terms["palette"] = settings.palette_weight * torch.stack(palettes).mean()
        if hues:
            terms["hue"] = settings.hue_weight * torch.stack(hues).mean()
        return terms

    def _code_terms(self, batch: Batch, shared: Shared, fake: Tensor, step: int) -> dict[str, Tensor]:
        """What binds codes, encoder and pictures together."""
        settings, looks = self.config, shared.looks
        read = self.encoder(inner(torch.cat([fake[looks.judged], batch.style])))
        off_fakes, off_styles = read[: len(looks.judged)], read[len(looks.judged) :]
        named = self.codes.of(self._one_hot(shared.labels, fake.device)).detach()
        made_with = self.codes.of(looks.weights[looks.judged]).detach()
        terms = {
            "code": settings.code_weight * (off_fakes - made_with).abs().mean(),
            "near": settings.near_weight * (off_styles - named).abs().mean(),
        }
        if len(looks.varied) and settings.diversity_weight:
            left = 1 - step / self.total_steps
            apart = (fake[looks.varied] - shared.twins.float()).abs().mean()
            terms["diversity"] = -settings.diversity_weight * left * apart.clamp_max(0.2)
        return terms

    def _nce(self, content_features: list[Tensor], fake: Tensor, rng: torch.Generator) -> Tensor:
        maps = self.generator.features(fake)
        sizes = [values.shape[-2] * values.shape[-1] for values in maps]
        places = [torch.randperm(size, generator=rng)[: self.config.nce_patches] for size in sizes]
        with torch.no_grad():
            keys = self.projector(content_features, places)
        queries = self.projector(maps, places)
        weights = [self.config.nce_fine] + [1.0] * (len(maps) - 1)
        terms = [w * patch_nce(q, k) for w, q, k in zip(weights, queries, keys, strict=True)]
        return torch.stack(terms).sum() / sum(weights)

    def preview(self, generator: nn.Module, content: Tensor, first: int = 0) -> Tensor:
        """What a sheet shows: held-out content in one look after the other."""
        count = len(self.config.styles)
        return self._shown(generator, content, [(first + number) % count for number in range(len(content))])

    def preview_look(self, generator: nn.Module, content: Tensor, look: int) -> Tensor:
        """All of the content in the look of that number."""
        return self._shown(generator, content, [look] * len(content))

    def _shown(self, generator: nn.Module, content: Tensor, labels: list[int]) -> Tensor:
        with torch.no_grad():
            code = self.codes.of(self._one_hot(labels, content.device))
            anchors = still_anchors(content, self.anchor_channels) if self.anchor_channels else None
            return generator(content, code, anchors).float().clamp(-1, 1)


def _chroma(pictures: Tensor) -> Tensor:
    """Mean distance of the broad colours from grey; a scalar."""
    broad = F.avg_pool2d(pictures, 8)
    return (broad - broad.mean(dim=1, keepdim=True)).abs().mean()
