"""Memory of this process, as Linux tells it."""

import re
from pathlib import Path


MIB = 2**20


def resident(field: str) -> int:
    """VmRSS (now) or VmHWM (at most, so far) of this process in bytes.

    `resource.getrusage` is no substitute: its `ru_maxrss` begins at the size of the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"{field}:\s*(\d+) kB", status).group(1)) * 1024
