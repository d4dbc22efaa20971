"""The losses against float64, on many more random cases than the tests try.

python tests/stress/losses.py --seed 0 --cases 10000
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=10_000, help="of each of the five properties")
    options = parser.parse_args()
    # Read when the tests are imported.
    os.environ["HF_XALIGN_EXAMPLES"] = str(options.cases)

    import pytest

    root = Path(__file__).parents[2]
    start = time.monotonic()
    tests = str(root / "tests" / "golden" / "test_properties.py")
    status = pytest.main(["-q", "-p", "no:xdist", "--rootdir", str(root), f"--hypothesis-seed={options.seed}", tests])
    print(f"losses: 5 properties x {options.cases} cases, status {int(status)}, {time.monotonic() - start:.0f} s")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
