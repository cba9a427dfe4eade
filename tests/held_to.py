"""What every run on bad input is held to."""

from __future__ import annotations

import shutil
from pathlib import Path

from mutations import Case, Mutations
from sandbox import MOST_BYTES, Outcome, Sandbox

ENDS = (0, 2, 3, 4, 5)
"""A result, or the exit code of a typed error."""
SAYS_WHY = ("Error: ", "cannot be made. Mend what they tell of")


def faults_of(
    numbers: range, folder: Path, sandbox: Sandbox, sound: Mutations, *, keep: bool = False
) -> list[str]:
    """What is wrong with these cases, each with how to run it alone; others leave files with `keep` alone."""
    found = []
    for number in numbers:
        place = folder / f"case-{number}"
        case = sound.case(number, place)
        before = _held(place)
        outcome = sandbox.run(case.arguments, place, case.stdin)
        wrong = _wrong(case, outcome, before, _held(place))
        if wrong:
            found.append(
                f"case {number}, {'; '.join(wrong)}\n  {case.note}\n  {outcome.errors.strip()[-1500:]}\n"
                f"  Alone: STYLEREEL_CASES={number} make test TESTS=tests/e2e/test_mutated_input.py\n"
                f"  Files: {place}"
            )
        elif not keep:
            shutil.rmtree(place)
            Path(f"{place}.stderr").unlink()
    return found


def _wrong(case: Case, outcome: Outcome, before: dict, after: dict) -> list[str]:
    wrong = []
    if not outcome.in_time:
        wrong.append(f"it hangs: not done after {outcome.seconds:.0f} s")
    elif outcome.code not in ENDS:
        wrong.append(f"it ends with {outcome.code}")
    if "Traceback (most recent call last)" in outcome.errors:
        wrong.append("it shows a traceback")
    if outcome.code > 0 and not any(words in outcome.errors for words in SAYS_WHY):
        wrong.append("it does not say why")
    if outcome.peak_bytes > MOST_BYTES:
        wrong.append(f"it takes {outcome.peak_bytes / 1e9:.1f} GB")
    mine = {case.output} if outcome.code == 0 and case.makes == "file" else set()
    if case.makes == "folder":
        mine = {name for name in after.keys() | before.keys() if Path(name).parts[0] == case.output}
    if outcome.code == 0 and case.makes == "file" and case.output not in after:
        wrong.append("it ends well without a result")
    changed = {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}
    changed -= mine | {f".{case.output}.lock"}
    if changed:
        wrong.append(f"it touches {', '.join(sorted(changed))}")
    return wrong


def _held(place: Path) -> dict[str, tuple]:
    """Everything below a folder: by path, what tells whether it was changed."""
    facts = ((path, path.lstat()) for path in place.rglob("*"))
    return {
        str(path.relative_to(place)): (fact.st_mode, fact.st_ino, fact.st_size, fact.st_mtime_ns)
        if not path.is_dir()
        else (fact.st_mode, fact.st_ino)
        for path, fact in facts
    }
