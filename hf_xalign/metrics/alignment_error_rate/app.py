"""The page of the metric's Space."""

from pathlib import Path

from hf_xalign.metrics.page import metric_page


EXAMPLE = (
    "0-0 1-1\n0-1",
    "0-0 1p1\n0-1 1-0",
)

if __name__ == "__main__":
    metric_page(Path(__file__).parent, EXAMPLE).launch()
