"""What tells how a model was made goes along with what is made of the model."""

from __future__ import annotations

import shutil
from pathlib import Path


# Told of the whole model, and true of its parts.
_RECORDS = ("recipe.yaml", "trainer_state.json", "provenance.json", "LICENSE*", "NOTICE*")


def copy_records(source: Path, target: Path) -> None:
    """Copy recipe, state, provenance, licence and notices from one folder to another, as far as they are there."""
    for path in (path for pattern in _RECORDS for path in sorted(source.glob(pattern))):
        shutil.copy(path, target)
