"""Tiles: they cover a frame once, see far enough, and give what the whole frame gives."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylereel.core.anchors import anchors_at, still_places
from stylereel.inference.sizing import anchors_with_margin, with_margin
from stylereel.inference.tiling import Cutter, in_tiles
from toy_generators import SMALL

sides = st.integers(1, 3000)
cutters = st.builds(Cutter, st.integers(1, 200), st.sampled_from([1, 2, 4, 8, 16, 32]))
EXACT = 1e-4
LEVEL = 127.5


@given(cutters, sides, st.integers(1, 30))
def test_spans_cover_a_side_once_and_see_their_reach_beyond_what_they_keep(cutter, length, parts):
    spans = cutter.spans(length, parts)
    assert len(spans) <= parts
    assert spans[0].kept.start == 0 and spans[-1].kept.stop == length
    assert all(a.kept.stop == b.kept.start for a, b in itertools.pairwise(spans))
    for span in spans:
        assert span.seen.start % cutter.multiple == span.seen.start % 4 == 0
        assert 0 <= span.seen.start <= span.kept.start < span.kept.stop <= span.seen.stop <= length
        assert span.seen.start == 0 or span.kept.start - span.seen.start >= cutter.reach_px
        assert span.seen.stop == length or span.seen.stop - span.kept.stop >= cutter.reach_px


@given(cutters, sides, st.integers(1, 30))
def test_spans_have_one_length_once_they_are_extended_to_the_size_rule(cutter, length, parts):
    step = cutter.step_px
    assert len({math.ceil((s.seen.stop - s.seen.start) / step) for s in cutter.spans(length, parts)}) == 1


@settings(max_examples=40)
@given(cutters, sides, sides, st.floats(0, 1e7))
def test_tiles_are_as_small_as_was_asked_or_the_smallest_there_are(cutter, height, width, most_px):
    tiles = cutter.tiles(height, width, most_px)
    assert tiles.area_px <= max(most_px, cutter.tiles(height, width, 0).area_px)
    assert cutter.tiles(height, width, math.inf).is_whole


def networks():
    """Folded generators of random weights that take what the exported ones take, by name."""
    torch = pytest.importorskip("torch")
    from stylereel.core.registry import family

    found = {}
    members = family("stylereel.networks.generators")
    for name in members.names():
        module = members.load(name)
        kinds = [{}, {"anchor_channels": 4}] if "anchor_channels" in module.Config.model_fields else [{}]
        for more in kinds:
            torch.manual_seed(5)
            generator = module.Generator(module.Config(**SMALL.get(name, {}), **more)).eval()
            for parameter in generator.parameters():
                parameter.data.add_(0.05 * torch.randn_like(parameter))
            found[name + "+anchors" * bool(more)] = generator
    return found


def in_float(generator):
    """What a runner does, without the rounding: `(N, h, w, 3)` uint8 to float in [-1, 1]."""
    import torch

    folded = generator.folded().eval()
    channels = getattr(generator.config, "anchor_channels", 0)

    def apply(frames, anchors):
        padded, (rows, columns) = with_margin(frames, generator.size_multiple)
        inputs = [torch.from_numpy(padded).permute(0, 3, 1, 2).float() * (2 / 255) - 1]
        if size := getattr(generator, "code_size", 0):
            inputs.append(
                torch.linspace(-1, 1, size)[None].expand(len(frames), -1) * (torch.arange(size) < size - 1)
            )
        if channels:
            extended = anchors_with_margin(anchors, frames, padded, (rows, columns), channels)
            inputs.append(torch.from_numpy(extended))
        with torch.inference_mode():
            return folded(*inputs).permute(0, 2, 3, 1).numpy()[:, rows, columns]

    return apply


@pytest.mark.parametrize("size", [(397, 541), (330, 803)])
def test_tiles_give_the_whole_frame_before_rounding_and_after_with_nothing_at_the_seams(size):
    height, width = size
    rng = np.random.default_rng(7)
    frames = rng.integers(0, 256, (1, height, width, 3), np.uint8)
    frames[:, 100:260, 150:400] = (40, 200, 90)  # a flat place, where a seam would be seen first
    for name, generator in networks().items():
        apply, channels = in_float(generator), getattr(generator.config, "anchor_channels", 0)
        cutter = Cutter(generator.receptive_field_px, generator.size_multiple)
        rows, columns = (-(-side // 4) * 4 for side in size)
        anchors = anchors_at(still_places(rows, columns), channels)[None] if channels else None
        tiles = cutter.tiles(height, width, 0.45 * height * width + 40_000)
        assert len(tiles.rows) * len(tiles.columns) > 2, name
        whole = apply(frames, anchors)
        tiled = in_tiles(frames, anchors, tiles, apply)
        difference = np.abs(tiled - whole)
        assert difference.max() <= EXACT, name
        rounded = [np.rint((part + 1) * LEVEL).astype(int) for part in (whole, tiled)]
        assert np.abs(rounded[0] - rounded[1]).max() <= 1, name
