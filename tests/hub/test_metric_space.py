"""A metric as a Space of the Hub: pushed over real HTTP with the real client, and opened by its id."""

from __future__ import annotations

import pytest

from hf_xalign.metrics import metric_path


def test_a_metric_is_pushed_as_a_space_and_loaded_by_its_id(hub, client):
    done = client.call("publish_metric", metric_path("alignment_error_rate"), "me/alignment_error_rate")
    assert done.result["aer"] == pytest.approx(1 / 6), done.err
    files = hub.repositories["space", "me/alignment_error_rate"].tree()
    assert set(files) - {".gitattributes"} == {"README.md", "alignment_error_rate.py", "app.py", "requirements.txt"}
