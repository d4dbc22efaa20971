from __future__ import annotations

import pytest

from tests.hub.loopback.client import Client
from tests.hub.loopback.server import TOKEN, Hub


@pytest.fixture(scope="session")
def _loopback():
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture
def hub(_loopback):
    """A small Hub, whole again after each test."""
    yield _loopback
    _loopback.cut_after, _loopback.large_files = None, True
    _loopback.gone.clear()


@pytest.fixture(scope="session")
def client(_loopback, tmp_path_factory):
    """A process that talks to it."""
    client = Client(_loopback.url, tmp_path_factory.mktemp("client"), TOKEN)
    yield client
    client.close()
