"""The page of the metric's Space."""

from pathlib import Path

from hf_xalign.metrics.page import metric_page


EXAMPLE = (
    "[1.0, 0.0]\n[0.0, 1.0]\n[1.0, 1.0]",
    "[2.0, 0.0]\n[0.0, 3.0]\n[1.0, 0.1]",
)

if __name__ == "__main__":
    metric_page(Path(__file__).parent, EXAMPLE).launch()
