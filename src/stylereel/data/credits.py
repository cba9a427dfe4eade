"""Who made the pictures and under which licence: read from what lies beside them, never guessed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stylereel.core.errors import DatasetError
from stylereel.data.media import MediaFile

UNKNOWN = "unknown"
INDEX_NAMES = ("sources.json", "index.json")


@dataclass(frozen=True)
class Credit:
    """What is stated about a file.

    Attributes:
        license: licence as stated, or "unknown".
        credit: author or attribution, may be empty.
        source: the collection it came from, may be empty.
        certain: False where the index itself doubts the licence.
    """

    license: str = UNKNOWN
    credit: str = ""
    source: str = ""
    certain: bool = True


class CreditBook:
    """Looks a file's credit up in the index files beside it.

    An index is `sources.json` or `index.json`, in the file's folder or above it up to the folder that the
    user named (or to `data_root`). It is one statement for all, `{"license": ..., "credit": ...}`, or one per
    file, `{"a.jpg": {"license": ..., "source": ..., "attribution": ...}, ...}` with paths relative to it.
    """

    def __init__(self, data_root: Path | None = None) -> None:
        self._data_root = data_root.resolve() if data_root else None
        self._indexes: dict[Path, Mapping[str, Any] | None] = {}

    def credit_of(self, file: MediaFile) -> Credit:
        """The nearest statement about `file`, or an unknown licence.

        Raises:
            DatasetError: an index is not valid JSON.
        """
        path = file.path.resolve()
        root = file.root.resolve()
        top = root if root.is_dir() else root.parent
        if self._data_root and path.is_relative_to(self._data_root):
            top = self._data_root
        for folder in path.parents:
            index = self._index(folder)
            if index is not None:
                entry = _entry(index, path.relative_to(folder).as_posix(), path.name)
                if entry is not None:
                    return _credit(entry)
            if folder == top:
                break
        return Credit()

    def _index(self, folder: Path) -> Mapping[str, Any] | None:
        if folder not in self._indexes:
            self._indexes[folder] = next(
                (_read(folder / name) for name in INDEX_NAMES if (folder / name).is_file()), None
            )
        return self._indexes[folder]


def summarize(credits: Iterable[Credit]) -> list[tuple[Credit, int]]:
    """Equal statements counted, most frequent first; long lists of attributions become their count."""
    counted = Counter(credits)
    grouped: dict[tuple[str, str], list[tuple[Credit, int]]] = {}
    for credit, count in counted.items():
        grouped.setdefault((credit.license, credit.source), []).append((credit, count))
    result = []
    for (license, source), members in grouped.items():
        names = sorted({credit.credit for credit, _ in members if credit.credit})
        credit = ", ".join(names) if len(names) <= 3 else f"{len(names)} authors, named at the source"
        result.append((Credit(license, credit, source), sum(count for _, count in members)))
    return sorted(result, key=lambda item: (-item[1], item[0].license, item[0].source))


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DatasetError(
            f"{path} is not valid JSON ({error}): correct it, or remove it and use --license."
        ) from error
    return content if isinstance(content, dict) else None


def _entry(index: Mapping[str, Any], relative: str, name: str) -> Mapping[str, Any] | None:
    for key in (relative, name):
        entry = index.get(key)
        if isinstance(entry, str):
            return {"license": entry}
        if isinstance(entry, dict):
            return entry
    return index if "license" in index or "licence" in index else None


def _credit(entry: Mapping[str, Any]) -> Credit:
    license = str(entry.get("license") or entry.get("licence") or "").strip() or UNKNOWN
    credit = str(entry.get("credit") or entry.get("attribution") or entry.get("author") or "").strip()
    source = str(entry.get("source") or "").split(":")[0].strip()
    certainty = str(entry.get("certainty") or "sure").casefold()
    return Credit(license, credit, source, certain=certainty.startswith("sure"))
