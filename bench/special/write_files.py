"""Seconds that it takes to write so many arrays of so many random floats into a folder: ``FOLDER ARRAYS LENGTH``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np


def main() -> None:
    """Each array goes into a file of its own, which is synchronised; the folder is at the end."""
    folder, count, length = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    random = np.random.default_rng()
    arrays = [random.random(length) for _ in range(count)]
    files = [folder / f"written-{place}.bin" for place in range(count)]
    began = time.perf_counter()
    for file, array in zip(files, arrays, strict=True):
        with file.open("wb", buffering=0) as sink:
            left = memoryview(array).cast("B")
            while left:
                left = left[sink.write(left) :]
            os.fsync(sink.fileno())
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    print(time.perf_counter() - began)
    for file in files:
        file.unlink()


if __name__ == "__main__":
    main()
