"""The finished parts of a long job, in a folder beside its output, from which a killed run goes on.

    out.mp4.unfinished/
      job.json              what the job is: only the same job goes on with it
      000000.packets        a part's encoded frames, which begin with a keyframe (`packet_log.py`)
      000000.json           its record; a part is finished when this file is there
      000001.state          what the first frame of the next part needs to know; the last two are kept
      pictures/             instead of packets where the output is a folder of pictures
    out.mp4.unfinished.done the same while it is removed, when out.mp4 is whole

Each file is written under a temporary name, brought to the disk and renamed; the record comes last. So at
any moment there is a row of whole parts and perhaps the beginning of one, which is done again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from stylereel.core.errors import OutputError, ResumeError
from stylereel.core.settings import Settings
from stylereel.video.staging import writing

FORMAT = 1
MOST_FRAMES, LEAST_FRAMES = 250, 48
"""Of a part. Encoders set a keyframe every 250 frames anyway, so that parts of as many cost no bytes."""
PART_PIXELS = 520_000_000
"""Larger pictures take longer: a part is half a gigapixel, 250 frames of 1080p or 62 of 4K."""

_OUR_NAMES = re.compile(r"(job\.json|pictures|\d{6,}\.(packets|json|state))(\.partial)?")
_DAMAGED = "Begin anew with --overwrite instead of --resume."


def frames_of_a_part(size: tuple[int, int]) -> int:
    """How many frames of `(width, height)` pixels a part has; the same whenever it is asked."""
    return min(MOST_FRAMES, max(LEAST_FRAMES, PART_PIXELS // max(1, size[0] * size[1])))


class FileFact(Settings):
    """A file of a part: its name, size and SHA-256."""

    name: str
    bytes: int
    sha256: str


class JobFile(Settings):
    """What a folder of parts belongs to."""

    format: int
    identity: dict[str, str]
    """All that decides what the output looks like, by name, for comparison and for people."""
    size: tuple[int, int]
    """Of the frames, `(width, height)` pixels."""
    frames_each: int
    """Frames of every part but the last."""
    kept: dict[str, str] = Field(default_factory=dict)
    """What the job was made with and could not be made again as it was, by name, as text."""


class PartRecord(Settings):
    """A finished part, and where everything stands at its end."""

    frames: int
    """Finished in all by the end of this part."""
    concealed: int
    """Of these, how many repeat the last good one."""
    first: str
    """Seconds of the first frame of all, a fraction."""
    end: str
    """Seconds at which the part's last frame ends, a fraction."""
    is_last: bool
    """No frame comes after this part."""
    content: FileFact | None = None
    """The packets; None for pictures."""
    pictures: dict[str, int] = Field(default_factory=dict)
    """The part's pictures with their bytes."""
    clock: dict[str, int | str] = Field(default_factory=dict)
    """Where the writer's clock stands."""
    state: FileFact | None = None
    """What the next frame needs to know; None after the last one."""


class Parts:
    """A folder of finished parts, open to one run (`output_lock`).

    Attributes:
        folder: where they lie.
        job: what they belong to.
        records: of the finished parts, in order.
        state_before: gives what the frame of that number (from 0) needs to know, as bytes; set by whoever
            stylises, asked once for each part.
    """

    def __init__(self, folder: Path, job: JobFile, records: list[PartRecord]) -> None:
        self.folder, self.job, self.records = folder, job, records
        self.state_before: Callable[[int], bytes] = lambda frames: b""

    @staticmethod
    def folder_of(output: Path) -> Path:
        """`NAME.unfinished` beside the output."""
        path = output.resolve()
        name = path.name.encode()[:180].decode(errors="ignore")
        return path.with_name(f"{name}.unfinished")

    @classmethod
    def begin(
        cls,
        output: Path,
        identity: Mapping[str, str],
        size: tuple[int, int],
        frames_each: int,
        kept: Mapping[str, str] | None = None,
    ) -> Parts:
        """A new, empty folder for a job; what an earlier one left there is removed.

        Raises:
            OutputError: a folder of that name is there which no job left, or it cannot be written.
        """
        folder = cls.folder_of(output)
        discard_parts(output)
        job = JobFile(
            format=FORMAT,
            identity=dict(identity),
            size=size,
            frames_each=frames_each,
            kept=dict(kept or {}),
        )
        with writing(output):
            folder.mkdir()
            try:
                _write_durably(folder / "job.json", job.model_dump_json(indent=1).encode())
            except BaseException:
                _remove(folder)
                raise
        return cls(folder, job, [])

    @classmethod
    def find(cls, output: Path) -> Parts | None:
        """What an interrupted run left for `output`, checked by its hashes; None where no part is finished.

        A damaged part, and those after it, are left out as if they had not been finished.

        Raises:
            ResumeError: parts are there and none of them can be gone on from.
        """
        folder = cls.folder_of(output)
        if not (folder / "job.json").is_file() or not (folder / "000000.json").is_file():
            return None
        try:
            job = JobFile.model_validate_json((folder / "job.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise ResumeError(f"{folder / 'job.json'} cannot be read. {_DAMAGED}") from error
        if job.format != FORMAT:
            raise ResumeError(f"{folder} was left by another version of Stylereel. {_DAMAGED}")
        parts = cls(folder, job, [])
        while (record := parts._read_record(output)) is not None:
            parts.records.append(record)
        while parts.records and not parts._can_go_on_from(parts.records[-1]):
            parts.records.pop()
        if not parts.records:
            raise ResumeError(f"The parts in {folder} are damaged. {_DAMAGED}")
        parts._remove_later_files()
        return parts

    @property
    def frames(self) -> int:
        """Finished frames."""
        return self.records[-1].frames if self.records else 0

    @property
    def is_whole(self) -> bool:
        """Every frame of the job is finished; its file may not be."""
        return bool(self.records) and self.records[-1].is_last

    @property
    def pictures(self) -> Path:
        """Where pictures are kept."""
        return self.folder / "pictures"

    def end_before(self, frames: int) -> bool:
        """True where a part ends when that many frames were written and another one comes."""
        return frames > self.frames and frames % self.job.frames_each == 0

    def next_packets(self) -> Path:
        """Where the packets of the part at work will lie."""
        return self.folder / f"{len(self.records):06d}.packets"

    def commit(self, *, is_last: bool, frames: int, **facts: Any) -> None:
        """Make the part at work a finished one; `facts` are fields of `PartRecord`."""
        index = len(self.records)
        state = None
        if not is_last:
            path = self.folder / f"{index + 1:06d}.state"
            data = self.state_before(frames)
            _write_durably(path, data)
            state = FileFact(name=path.name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        record = PartRecord(is_last=is_last, frames=frames, state=state, **facts)
        _write_durably(self.folder / f"{index:06d}.json", record.model_dump_json().encode())
        self.records.append(record)
        (self.folder / f"{index - 1:06d}.state").unlink(missing_ok=True)

    def state(self) -> bytes:
        """What the first frame after the finished parts needs to know.

        Raises:
            ResumeError: it is missing or damaged.
        """
        fact = self.records[-1].state
        if fact is None or not _is_as(self.folder / fact.name, fact):
            raise ResumeError(f"The saved state in {self.folder} is damaged. {_DAMAGED}")
        return (self.folder / fact.name).read_bytes()

    def release(self) -> None:
        """Remove the folder unless something finished is in it; never fails."""
        if not self.records:
            _remove(self.folder)

    def discard(self) -> None:
        """Remove the folder, which is no longer found from one moment to the next; never fails.

        So a run that is killed on the way leaves either all that the output can be made of again, or what
        counts as nothing, for `remove_remains`.
        """
        aside = _aside(self.folder)
        try:
            os.replace(self.folder, aside)
        except OSError:  # a system that moves no folder, or something else of that name
            aside = self.folder
        _remove(aside)

    def _read_record(self, output: Path) -> PartRecord | None:
        """The next record, where it and what it speaks of are whole."""
        path = self.folder / f"{len(self.records):06d}.json"
        before = self.records[-1] if self.records else None
        try:
            record = PartRecord.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
        if before is not None and (before.is_last or record.frames <= before.frames):
            return None
        if record.content is not None and not _is_as(self.folder / record.content.name, record.content):
            return None
        for name, size in record.pictures.items():
            # A run that was killed while it moved its pictures left some where they belong.
            places = (self.pictures / name, output / name)
            if Path(name).name != name or not any(_has_size(place, size) for place in places):
                return None
        return record

    def _can_go_on_from(self, record: PartRecord) -> bool:
        if record.is_last:
            return True
        return record.state is not None and _is_as(self.folder / record.state.name, record.state)

    def _remove_later_files(self) -> None:
        """What was written after the last record that counts must never be taken for finished."""
        for path in self.folder.iterdir():
            number = path.name.split(".")[0]
            later = number.isdigit() and int(number) > len(self.records)
            same = number.isdigit() and int(number) == len(self.records) and not path.name.endswith(".state")
            if later or same or path.name.endswith(".partial"):
                path.unlink(missing_ok=True)


def discard_parts(output: Path) -> None:
    """Remove what an interrupted run left for `output`.

    Raises:
        OutputError: the folder holds other things, which are not ours to remove.
    """
    folder = Parts.folder_of(output)
    if not os.path.lexists(folder):
        return
    if not _is_ours(folder):
        raise OutputError(
            f"unfinished parts of {output} would be kept in {folder}, which is there and is something else. "
            "Rename it, or choose another output"
        )
    _remove(folder)


def remove_remains(output: Path) -> None:
    """Remove what a run left that was killed when its output was there and its parts were being removed."""
    aside = _aside(Parts.folder_of(output))
    if _is_ours(aside):
        _remove(aside)


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.done")


def _is_ours(folder: Path) -> bool:
    is_folder = folder.is_dir() and not folder.is_symlink()
    return is_folder and all(_OUR_NAMES.fullmatch(path.name) for path in folder.iterdir())


def is_published(output: Path, parts: Parts | None) -> bool:
    """True where `parts` became `output` already, and their run was killed before it could remove them."""
    if parts is None or not parts.is_whole or not output.exists():
        return False
    if parts.records[-1].pictures:
        return output.is_dir()
    record = parts.folder / f"{len(parts.records) - 1:06d}.json"
    return output.is_file() and output.stat().st_mtime_ns >= record.stat().st_mtime_ns


def _remove(folder: Path) -> None:
    # The records first: without them what is left counts as nothing, should this be interrupted.
    for pattern in ("*.json", "*"):
        with contextlib.suppress(OSError):
            for path in sorted(folder.glob(pattern), reverse=True):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _write_durably(path: Path, data: bytes) -> None:
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, where the system can."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_as(path: Path, fact: FileFact) -> bool:
    if path.name != fact.name or not _has_size(path, fact.bytes):
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == fact.sha256


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def described_difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What two jobs differ in, for people; "" where they are the same."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    shown = [
        name
        if any(len(value.get(name, "")) > 40 for value in (before, now))
        else f"{name} (was {before.get(name, 'not set')}, now {now.get(name, 'not set')})"
        for name in names
    ]
    return ", ".join(shown)
