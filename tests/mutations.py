"""Bad input in any number, each from its number alone: damaged files of every kind, hostile packs and jobs.

`Mutations(folder).case(number, place)` lays everything out below `place` and says what to run there.
"""

from __future__ import annotations

import importlib.util
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from changed_bytes import CHANGES, place_in
from file_bombs import BOMBS
from hostile_jobs import FOLDER, NAME, hostile_jobs
from hostile_packs import HOSTILE, good_pack
from hostile_weights import hostile_weights
from sound_files import CLIPS, PICTURES, Sounds, mend_png


@dataclass(frozen=True)
class Case:
    """One input that nobody should send.

    Attributes:
        number: makes it again.
        note: what was done, for people.
        arguments: of `stylereel`, to be run in the case's folder.
        output: name of what may be written there, beside what was there before.
        stdin: file that is piped in, or None.
        makes: what `output` is: one file that is there where all ends well, a folder that may be there
            however it ends, or nothing that anybody asked for.
    """

    number: int
    note: str
    arguments: tuple[str, ...]
    output: str
    stdin: Path | None = None
    makes: Literal["file", "folder", "nothing"] = "file"


class Mutations:
    """Sound files that are made once below `folder`, and what becomes of them."""

    def __init__(self, folder: Path) -> None:
        self._sound = Sounds(folder)

    def case(self, number: int, place: Path) -> Case:
        """Lay out case `number` in the folder `place`, which is made."""
        rng = random.Random(f"case {number}")
        place.mkdir(parents=True)
        for name in ("home", "temporary"):
            (place / name).mkdir()
        (place / "secret.txt").write_text("not for packs")
        kinds = (
            self._container, self._picture, self._pack, self._container, self._bomb, self._pack,
            self._container, self._picture, self._jobs, self._container, self._bomb, self._weights,
        )  # fmt: skip
        return kinds[number % len(kinds)](number, rng, place)

    def _container(self, number: int, rng: random.Random, place: Path) -> Case:
        name = rng.choice(tuple(CLIPS))
        data, note = self._mutated(name, rng)
        (place / name).write_bytes(data)
        good_pack(place / "pack", rng)
        if name.endswith(".y4m"):
            return _case(number, f"{name}: {note}", "-", place, rng, stdin=place / name)
        return _case(number, f"{name}: {note}", name, place, rng)

    def _picture(self, number: int, rng: random.Random, place: Path) -> Case:
        name = rng.choice(PICTURES)
        good_pack(place / "pack", rng)
        if rng.random() < 0.15:
            (place / "pictures").mkdir()
            notes = []
            for index in range(3):
                data, note = self._mutated(name, rng) if index != 1 else (self._sound(name), "sound")
                (place / "pictures" / f"{index}{Path(name).suffix}").write_bytes(data)
                notes.append(note)
            return _case(number, f"folder of {name}: {'; '.join(notes)}", "pictures", place, rng)
        data, note = self._mutated(name, rng)
        (place / name).write_bytes(data)
        return _case(number, f"{name}: {note}", name, place, rng, output="out.png")

    def _bomb(self, number: int, rng: random.Random, place: Path) -> Case:
        name, data, note = rng.choice(BOMBS)(rng, self._sound)
        (place / name).write_bytes(data)
        good_pack(place / "pack", rng)
        stdin = place / name if name.endswith(".y4m") else None
        return _case(number, f"{name}: {note}", "-" if stdin else name, place, rng, stdin=stdin)

    def _pack(self, number: int, rng: random.Random, place: Path) -> Case:
        (place / "in.png").write_bytes(self._sound("plain.png"))
        note = rng.choice(HOSTILE)(place / "pack", rng)
        return _case(number, f"pack: {note}", "in.png", place, rng, output="out.png")

    def _weights(self, number: int, rng: random.Random, place: Path) -> Case:
        """For the torch runner, where there is one."""
        if importlib.util.find_spec("torch") is None:
            return self._pack(number, rng, place)
        (place / "in.png").write_bytes(self._sound("plain.png"))
        note = hostile_weights(place / "pack", rng)
        return _case(number, f"weights: {note}", "in.png", place, rng, output="out.png", runner="torch")

    def _jobs(self, number: int, rng: random.Random, place: Path) -> Case:
        (place / "in.png").write_bytes(self._sound("plain.png"))
        film, note = self._mutated("plain.gif", rng) if rng.random() < 0.3 else (self._sound("plain.gif"), "")
        (place / "film.gif").write_bytes(film)
        good_pack(place / "pack", rng)
        may_run, said = hostile_jobs(place, rng)
        note = f"{said}; film.gif: {note}" if note else said
        runs = may_run and rng.random() < 0.7
        arguments = ("batch", NAME, *(() if runs else ("--dry-run",)))
        what = f"jobs: {note} [{' '.join(arguments)}]"
        return Case(number, what, arguments, FOLDER, makes="folder" if runs else "nothing")

    def _mutated(self, name: str, rng: random.Random) -> tuple[bytes, str]:
        data, notes = bytearray(self._sound(name)), []
        for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
            change = rng.choice((*CHANGES, self._splice))
            notes.append(change(data, rng))
        if name.endswith(("png", "png.mov")) and rng.random() < 0.7:
            mend_png(data)
            notes.append("checksums mended")
        return bytes(data), ", ".join(notes)

    def _splice(self, data: bytearray, rng: random.Random) -> str:
        other = rng.choice((*CLIPS, *PICTURES))
        donor, at = bytearray(self._sound(other)), place_in(data, rng)
        data[at:] = donor[place_in(donor, rng) :]
        return f"goes on as {other} from {at}"


def _case(
    number: int,
    note: str,
    source: str,
    place: Path,
    rng: random.Random,
    *,
    output: str | None = None,
    stdin: Path | None = None,
    runner: str | None = None,
) -> Case:
    """With options of which some ask more of the input; frames stay small, however large the source is."""
    output = output or rng.choice(("out.mp4",) * 4 + ("out.mkv", "out.gif", "out.webm", "out.png"))
    output = "out.mp4" if output == "out.png" and source == "pictures" else output
    runner = runner or rng.choice(("onnxruntime", "onnxruntime", "openvino"))
    rate = "0.2" if "bomb" in note else "1"  # an hour at a time is filled with frames, whatever a clock says
    more = rng.choice(
        ((),) * 8
        + (("--start", "0.1"), ("--end", "0.2"), ("--fps", rate), ("--stabilize", "0.5"),
           ("--bit-depth", "10"), ("--crop", "20x20"), ("--keep-colors",), ("--strength", "0.3"),
           ("--preset", "lecture"))
    )  # fmt: skip
    arguments = ("stylize", source, output, "--style", "./pack", "--runner", runner, "--threads", "1",
                 "--max-side", "64", "--memory-limit", "1.5GB", *more)  # fmt: skip
    return Case(number, f"{note} [{' '.join(arguments)}]", arguments, output, stdin)
