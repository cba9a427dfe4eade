"""Memory that really runs out, in a process with a ceiling: what each library then says is understood."""

import os
import subprocess
import sys

import pytest

from stylereel.packs.find import shipped_folder

CHILD = """
import resource, sys
import numpy as np
from stylereel.inference.memory_plan import MemoryPlan
from stylereel.inference.runner import open_runner
from stylereel.inference.tiled_runner import TiledRunner
from stylereel.packs.find import find_pack

pack = find_pack(sys.argv[1])
inner = open_runner(pack, sys.argv[2], "cpu", precision="fp32", threads=1)
runner = TiledRunner(inner, pack, MemoryPlan(None))
runner.run(np.zeros((1, 300, 300, 3), np.uint8), None, None)
size = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmSize"))
unlimited = resource.RLIM_INFINITY, resource.RLIM_INFINITY
resource.setrlimit(resource.RLIMIT_AS, (size * 1024 + 60 * 2**20, unlimited[0]))
frame = np.random.default_rng(0).integers(0, 256, (1, 1400, 1400, 3), np.uint8)
result, _ = runner.run(frame, None, None)
resource.setrlimit(resource.RLIMIT_AS, unlimited)
whole, _ = inner.run(frame, None, None)
assert runner.tile_of(1400, 1400) is not None and len(runner.notices) == 1, runner.notices
assert np.abs(result.astype(int) - whole).max() <= 1
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a ceiling on address space")
@pytest.mark.parametrize("runner", ["openvino", "onnxruntime"])
def test_a_ceiling_on_memory_halves_the_tile_and_the_frame_is_done_again(runner):
    command = [sys.executable, "-c", CHILD, str(shipped_folder() / "ukiyoe"), runner]
    environment = {**os.environ, "OPENCV_LOG_LEVEL": "SILENT"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
