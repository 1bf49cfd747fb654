"""A server of this machine, and a place for what it sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from library.scripted_server import Script, running


@pytest.fixture
def server() -> Iterator[Script]:
    with running() as script:
        yield script


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "library.msp"
