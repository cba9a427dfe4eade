"""Reads and writes style packs: a folder of a card and the files whose hashes it carries."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stylereel.core.errors import OutputError, PackError
from stylereel.core.settings import explain_validation
from stylereel.packs.card import SCHEMA_VERSION, Card
from stylereel.packs.numbers import refuse_bad_weights
from stylereel.packs.onnx_scan import refuse_unsafe

CARD_NAME = "card.json"
WEIGHTS_NAME = "generator.safetensors"
ONNX_NAME = "generator.onnx"
INT8_NAME = "generator.int8.onnx"
ENCODER_NAME = "encoder.safetensors"
PREVIEW_NAME = "preview.jpg"
REQUIRED_NAMES = (WEIGHTS_NAME, ONNX_NAME)
LARGEST_CARD_BYTES = 1 << 20
LARGEST_FILE_BYTES = 256 << 20


@dataclass(frozen=True)
class Pack:
    """A style pack whose card was read and whose files were checked against it.

    Attributes:
        card: the facts.
        folder: where it lies, with links resolved.
    """

    card: Card
    folder: Path

    @property
    def weights_path(self) -> Path:
        """The trained weights: safetensors, the state dict of the generator."""
        return self.folder / WEIGHTS_NAME

    @property
    def onnx_path(self) -> Path:
        """The same network, folded, for every runner but torch."""
        return self.folder / ONNX_NAME

    @property
    def look_name(self) -> str:
        """What the look is called where it is told of: the pack's name."""
        return self.card.name

    def own_hash(self, name: str) -> str | None:
        """SHA-256 of a file as it lies in the folder, or None when the pack has none of that name."""
        return self.card.files.get(name)

    @property
    def has_int8(self) -> bool:
        """True where the pack also holds its network rounded to int8."""
        return INT8_NAME in self.card.files

    @property
    def ends_size(self) -> int:
        """Length E of what the network is given of a style code with each frame; 0 where it takes none."""
        return 0

    def network_name(self, precision: str) -> str:
        """The file that computes in this precision: of fp32 and bf16 it is the same."""
        return INT8_NAME if precision == "int8" else ONNX_NAME

    @property
    def preview_path(self) -> Path | None:
        """A picture of the look, or None when the pack has none."""
        return self.folder / PREVIEW_NAME if PREVIEW_NAME in self.card.files else None

    @property
    def size_bytes(self) -> int:
        """Bytes of all files that the card names."""
        return sum((self.folder / name).stat().st_size for name in self.card.files)

    def read(self, name: str) -> bytes:
        """The content of one file, checked against its hash at this moment.

        Raises:
            PackError: the file is not in the card, is missing, too large, outside the folder, or changed.
        """
        expected = self.card.files.get(name)
        if expected is None:
            raise PackError(f"The pack '{self.card.name}' in {self.folder} has no file {name} in its card.")
        content = _read_inside(self.folder, name, LARGEST_FILE_BYTES)
        found = hashlib.sha256(content).hexdigest()
        if found != expected:
            raise PackError(
                f"{self.folder / name} is not the file that the card describes: its SHA-256 is "
                f"{found[:16]}..., the card says {expected[:16]}... It was changed or "
                "damaged; get the pack again from its source."
            )
        return content


def read_card(folder: Path | str) -> Card:
    """Read and validate a pack's card alone, without looking at its other files.

    Raises:
        PackError: no card, not JSON, too large, an unknown schema, or a value out of range.
    """
    folder = Path(folder)
    path = folder / CARD_NAME
    content = _read_inside(folder, CARD_NAME, LARGEST_CARD_BYTES)
    try:
        values = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
        json.dumps(values, ensure_ascii=False).encode()  # refuses halves of characters, which are no text
    except (ValueError, RecursionError) as error:
        raise PackError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(values, dict):
        raise PackError(f"{path} holds {type(values).__name__}, expected an object with the pack's facts.")
    version = values.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise PackError(
            f"{path} has schema version {version!r}; this Stylereel reads version {SCHEMA_VERSION}. "
            "Update Stylereel, or train or fetch the pack again."
        )
    try:
        return Card.model_validate(values)
    except ValidationError as error:
        raise PackError(f"{path} is refused: {explain_validation(Card, error)}") from None


def load_pack(folder: Path | str) -> Pack:
    """Open a style pack and check every file against its card. Runs no code, unpickles nothing.

    Raises:
        PackError: anything about the pack is wrong; the text says what, and where.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise PackError(f"{folder} is not a folder, so it is not a style pack.")
    pack = Pack(read_card(folder), folder.resolve())
    missing = [name for name in REQUIRED_NAMES if name not in pack.card.files]
    if missing:
        raise PackError(f"{folder / CARD_NAME} lists no {' and no '.join(missing)}: the pack is incomplete.")
    for name in pack.card.files:
        content = pack.read(name)
        if name.endswith(".onnx"):
            refuse_unsafe(content, str(folder / name))
        elif name.endswith(".safetensors"):
            refuse_bad_weights(content, str(folder / name))
    return pack


def save_pack(
    folder: Path | str, card: Card, files: Mapping[str, bytes | Path], *, overwrite: bool = False
) -> Pack:
    """Write a pack so that it is either there whole or not at all, and read it back.

    Every file is first written under a temporary name; the card, which makes a folder a pack, is renamed
    last. Other files in the folder are left alone.

    Args:
        folder: where; made when absent (its parent must exist).
        card: the facts; its `files` is replaced by the hashes of `files`.
        files: content or path of each file by name; must hold the weights and the ONNX file.
        overwrite: replace a pack that is already there.

    Raises:
        OutputError: a pack is there already, or the folder cannot be written.
        PackError: the result would not load.
    """
    folder = Path(folder)
    if (folder / CARD_NAME).exists() and not overwrite:
        raise OutputError(f"{folder} already holds a style pack: choose another folder, or overwrite it.")
    contents = {
        name: content if isinstance(content, bytes) else Path(content).read_bytes()
        for name, content in files.items()
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    whole = Card.model_validate({**card.model_dump(), "files": hashes})
    text = json.dumps(whole.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    try:
        folder.mkdir(exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
        try:
            for name, content in {**contents, CARD_NAME: text.encode("utf-8")}.items():
                (staging / name).write_bytes(content)
            load_pack(staging)
            for name in [*contents, CARD_NAME]:
                os.replace(staging / name, folder / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except PackError:
        raise
    except OSError as error:
        raise OutputError(
            f"The style pack cannot be written to {folder}: {error.strerror or error}."
        ) from error
    return load_pack(folder)


def _read_inside(folder: Path, name: str, largest_bytes: int) -> bytes:
    """The bytes of `folder/name`, refusing whatever is not a plain file of sane size inside the folder."""
    path = folder / name
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise PackError(
            f"{path} is missing: a style pack holds {CARD_NAME} and the files it names."
        ) from None
    if not real.is_relative_to(folder.resolve()):
        raise PackError(
            f"{path} is a link to {real}, outside the pack: a pack's files lie in its own folder."
        )
    if not real.is_file():
        raise PackError(f"{path} is not a plain file.")
    try:
        size = real.stat().st_size
        if size > largest_bytes:
            raise PackError(f"{path} has {size} bytes; at most {largest_bytes} are accepted.")
        return real.read_bytes()
    except OSError as error:
        raise PackError(f"{path} cannot be read: {error.strerror or error}.") from error


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number that JSON knows")
