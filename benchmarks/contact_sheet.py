"""Source beside results, in one picture: the first thing to look at before any figure.

    python benchmarks/contact_sheet.py --out sheet.png --pack vangogh ukiyoe my-style/ \\
        --clips a.mp4 b.mp4 --times 1,4,7 --height 360
    python benchmarks/contact_sheet.py --out sheet.png --clips a.mp4 --results a_styled.mp4 --times 1,2
    python benchmarks/contact_sheet.py --out crops.png --pack vangogh --clips a.mp4 --times 2 --crop 5

One row per clip and time, one column per look. `--results` are finished videos of the first (or only) clip,
or `clip:video` pairs. `--crop N` shows N consecutive frames from each time instead, a part of
`--crop-size` px enlarged by `--zoom`: there boiling shows. `--at X,Y` (shares of width and height) is where.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

Frames = list[np.ndarray]
LABEL_PX = 24
GAP_PX = 4


@dataclass(frozen=True)
class Clip:
    """A source video, and finished results of it."""

    path: Path
    results: tuple[Path, ...]


def frames_at(path: Path, seconds: float, count: int = 1) -> Frames:
    """`count` consecutive frames, (H, W, 3) uint8 RGB, from a time on, or the last ones."""
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise SystemExit(f"cannot open {path}")
    rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
    last = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) - count
    first = max(0, min(round(seconds * rate), last))
    for _ in range(first):
        capture.grab()
    kept: Frames = []
    while len(kept) < count:
        ok, frame = capture.read()
        if not ok:
            break
        kept.append(np.ascontiguousarray(frame[..., ::-1]))
    capture.release()
    if not kept:
        raise SystemExit(f"{path} has no frame at {seconds} s")
    return (kept + [kept[-1]] * count)[:count]


def sized(frame: np.ndarray, height: int) -> np.ndarray:
    """The frame at a height, its shape kept, sides even."""
    width = round(frame.shape[1] * height / frame.shape[0] / 2) * 2
    if (height, width) == frame.shape[:2]:
        return frame
    shrinks = height < frame.shape[0]
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def labelled(picture: np.ndarray, text: str) -> np.ndarray:
    """The picture with a bar of text above it."""
    bar = np.full((LABEL_PX, picture.shape[1], 3), 24, np.uint8)
    cv2.putText(bar, text, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (235, 235, 235), 1, cv2.LINE_AA)
    return np.vstack([bar, picture])


def grid(rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Rows of pictures to one picture, dark where there is none."""

    def padded(picture: np.ndarray, height: int, width: int) -> np.ndarray:
        canvas = np.full((height, width, 3), 12, np.uint8)
        canvas[: picture.shape[0], : picture.shape[1]] = picture
        return canvas

    joined = []
    for row in rows:
        height = max(picture.shape[0] for picture in row) + GAP_PX
        joined.append(np.hstack([padded(picture, height, picture.shape[1] + GAP_PX) for picture in row]))
    width = max(row.shape[1] for row in joined)
    return np.vstack([padded(row, row.shape[0], width) for row in joined])


def part_of(frame: np.ndarray, size_px: int, at: tuple[float, float], zoom: int) -> np.ndarray:
    """An enlarged part, pixels left as they are."""
    height, width = frame.shape[:2]
    size_px = min(size_px, height, width)
    left, top = round((width - size_px) * at[0]), round((height - size_px) * at[1])
    part = frame[top : top + size_px, left : left + size_px]
    return cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)


def looks(packs: Sequence[str], runner: str) -> dict[str, Callable[[Frames], Iterable[np.ndarray]]]:
    """Ready stylisers of consecutive frames, by name."""
    from stylereel import Stylizer

    return {Path(pack).name: Stylizer.load(pack, runner=runner).clip for pack in packs}


def sheet_rows(
    clips: Sequence[Clip],
    times: Sequence[float],
    stylizers: dict[str, Callable[[Frames], Iterable[np.ndarray]]],
    *,
    height: int,
    consecutive: int = 0,
    crop_px: int = 96,
    at: tuple[float, float] = (0.5, 0.5),
    zoom: int = 3,
) -> list[list[np.ndarray]]:
    """Rows of labelled pictures; with `consecutive`, one row per look and one column per frame."""
    rows: list[list[np.ndarray]] = []
    for clip in clips:
        for seconds in times:
            count = max(1, consecutive)
            sources = [sized(frame, height) for frame in frames_at(clip.path, seconds, count)]
            columns = {clip.path.stem: sources}
            columns |= {name: list(apply(sources)) for name, apply in stylizers.items()}
            for result in clip.results:
                columns[result.stem] = [sized(frame, height) for frame in frames_at(result, seconds, count)]
            titled = {f"{name}  {seconds:g} s": frames for name, frames in columns.items()}
            if not consecutive:
                rows.append([labelled(frames[0], title) for title, frames in titled.items()])
                continue
            for title, frames in titled.items():
                parts = [part_of(frame, crop_px, at, zoom) for frame in frames]
                rows.append([labelled(p, f"{title} +{i}" if i else title) for i, p in enumerate(parts)])
    return rows


def _clips(paths: Sequence[Path], results: Sequence[str]) -> list[Clip]:
    found: dict[Path, list[Path]] = {path: [] for path in paths}
    for text in results:
        clip, colon, video = text.partition(":")
        owner = Path(clip) if colon else paths[0]
        if owner not in found:
            raise SystemExit(f"{text}: {owner} is not among --clips")
        found[owner].append(Path(video if colon else clip))
    return [Clip(path, tuple(videos)) for path, videos in found.items()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help=".png or .jpg")
    parser.add_argument("--pack", nargs="+", default=[], help="names or folders of style packs")
    parser.add_argument("--clips", nargs="+", type=Path, required=True)
    parser.add_argument("--results", nargs="+", default=[], help="finished videos: VIDEO or CLIP:VIDEO")
    parser.add_argument("--times", default="1", help="seconds, parted by commas (default 1)")
    parser.add_argument("--height", type=int, default=360, help="frames are brought to this height first")
    parser.add_argument(
        "--crop", type=int, default=0, metavar="N", help="N consecutive frames, a part enlarged"
    )
    parser.add_argument("--crop-size", type=int, default=96, help="px of the part (default 96)")
    parser.add_argument("--at", default="0.5,0.5", help="where the part lies, shares of width and height")
    parser.add_argument("--zoom", type=int, default=3)
    parser.add_argument("--shrink", type=float, default=1.0, help="scale of the finished sheet")
    parser.add_argument("--runner", default="auto")
    options = parser.parse_args(arguments)
    across, down = (float(share) for share in options.at.split(","))
    rows = sheet_rows(
        _clips(options.clips, options.results),
        [float(seconds) for seconds in options.times.split(",")],
        looks(options.pack, options.runner),
        height=options.height,
        consecutive=options.crop,
        crop_px=options.crop_size,
        at=(across, down),
        zoom=options.zoom,
    )
    sheet = grid(rows)
    if options.shrink != 1.0:
        sheet = cv2.resize(sheet, None, fx=options.shrink, fy=options.shrink, interpolation=cv2.INTER_AREA)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90] if options.out.suffix.lower() in {".jpg", ".jpeg"} else []
    if not cv2.imwrite(str(options.out), sheet[..., ::-1], quality):
        raise SystemExit(f"cannot write {options.out}")
    print(f"{options.out}: {sheet.shape[1]}x{sheet.shape[0]}, {len(rows)} rows")


if __name__ == "__main__":
    main()
