"""What the system says of memory, and sizes as people write them."""

import sys

import pytest

from stylereel.core.errors import UsageError
from stylereel.core.memory import as_text, available_bytes, parse_bytes, resident_bytes

GIGA = 10**9


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("4GB", 4 * GIGA),
        ("4 gb", 4 * GIGA),
        ("1.5GiB", 3 * 2**29),
        ("512MB", 512 * 10**6),
        ("300k", 300_000),
        ("2G", 2 * GIGA),
        (123456, 123456),
        ("123456", 123456),
    ],
)
def test_a_size_is_read_as_people_write_it(written, expected):
    assert parse_bytes(written, "memory-limit") == expected


@pytest.mark.parametrize("written", ["", "much", "-4GB", "0", "4 bananas", "iB", "nan", True, None, 1.5j])
def test_what_is_no_size_is_refused_with_an_example(written):
    with pytest.raises(UsageError, match=r"memory-limit is .*4GB"):
        parse_bytes(written, "memory-limit")


def test_bytes_are_told_in_units_that_people_know():
    assert as_text(4.24e9) == "4.2 GB" and as_text(850e6) == "850 MB"


def machine(root, *, meminfo="", cgroup="", files=None):
    """A made-up `/proc` and `/sys`."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(meminfo)
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, text in (files or {}).items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


PLENTY = "MemTotal:  900 kB\nMemAvailable:    8000000 kB\n"


def test_free_memory_is_what_the_system_calls_available(tmp_path):
    assert available_bytes(machine(tmp_path, meminfo=PLENTY)) == 8_000_000 * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="other systems are asked in other ways")
def test_a_system_that_says_nothing_is_not_guessed_at(tmp_path):
    assert available_bytes(tmp_path) is None and resident_bytes(tmp_path) is None


def test_a_containers_limit_counts_less_what_is_used_and_cannot_be_freed(tmp_path):
    files = {
        "job/memory.max": "2000000000\n",
        "job/memory.current": "700000000\n",
        "job/memory.stat": "anon 1\ninactive_file 200000000\n",
    }
    root = machine(tmp_path, meminfo=PLENTY, cgroup="0::/job\n", files=files)
    assert available_bytes(root) == 1_500_000_000


def test_the_limit_of_a_group_above_counts_too(tmp_path):
    files = {
        "job/memory.max": "1000\n",
        "job/memory.current": "400\n",
        "job/inner/memory.max": "max\n",
        "job/inner/memory.current": "400\n",
    }
    root = machine(tmp_path, meminfo=PLENTY, cgroup="0::/job/inner\n", files=files)
    assert available_bytes(root) == 600


def test_the_older_control_groups_count_also_where_the_container_hides_its_path(tmp_path):
    files = {
        "memory/memory.limit_in_bytes": "3000000000\n",
        "memory/memory.usage_in_bytes": "1000000000\n",
        "memory/memory.stat": "total_inactive_file 500\n",
    }
    root = machine(tmp_path, meminfo=PLENTY, cgroup="4:memory:/docker/abc\n3:cpu:/\n", files=files)
    assert available_bytes(root) == 2_000_000_500


def test_no_limit_is_no_limit(tmp_path):
    files = {"memory/memory.limit_in_bytes": f"{2**63 - 4096}\n", "memory/memory.usage_in_bytes": "1\n"}
    root = machine(tmp_path, meminfo=PLENTY, cgroup="4:memory:/\n", files=files)
    assert available_bytes(root) == 8_000_000 * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells this way")
def test_this_process_holds_something():
    assert 10**6 < (resident_bytes() or 0) < 10**12
