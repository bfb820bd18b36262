"""How soon a gigabyte of arrays is there in a person's kernel; ``--repeat N`` times.

Real command, real daemon, real kernel. Two times: from the kernel being ready to the values being there, as a person
waits for them (the code is asked for while the kernel starts), and what asking the daemon takes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test" / "end-to-end"))

from project import create  # noqa: E402
from resident import daemon  # noqa: E402
from test_kernel_values import kernel  # noqa: E402

GIGABYTE = ["import numpy as np\nbig = [np.arange(16_000_000, dtype='float64') + i for i in range(8)]"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory(prefix="dagpy-bench-") as folder:
        blocks = {"load": GIGABYTE, "use": (["print(len(big))"], {"parents": ["load"]})}
        project = create(Path(folder), blocks, tally=False)
        project.cli("run", "load")
        asked, ready = [], []
        with daemon(project) as running:
            for _ in range(repeat):
                began = time.perf_counter()
                code = running.call("kernelCode", block="use", what="inputs")
                asked.append(time.perf_counter() - began)
                with kernel(project) as person:
                    began = time.perf_counter()
                    told = person.load(code)
                    ready.append(time.perf_counter() - began)
                    assert told["ok"], told
                    assert person.value("sum(int(part[-1]) for part in big)") == 8 * 15_999_999 + 28
        size = code["bytes"] / 1e9
    for what, seconds in (("asking the daemon", asked), ("kernel ready to values there", ready)):
        middle = statistics.median(seconds)
        print(f"{size:.2f} GB, {what}: {middle:.3f} s ({min(seconds):.3f}-{max(seconds):.3f})")


if __name__ == "__main__":
    main()
