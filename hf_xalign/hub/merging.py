"""An adapter made a checkpoint like any other."""

from __future__ import annotations

import os
from pathlib import Path

from hf_xalign.adapter_files import base_of_adapter
from hf_xalign.errors import XAlignError
from hf_xalign.files import whole_folder
from hf_xalign.hub.run_records import copy_records
from hf_xalign.names import ADAPTER_CONFIG_NAME


def merge_adapter(folder: str | os.PathLike, output: str | os.PathLike) -> Path:
    """Add an adapter to its base model and save the sum: a vanilla checkpoint, with heads and tokenizer.

    Hidden states are those of the adapter to about 1e-6: the same numbers are added in another order.

    Args:
        folder: the adapter, as `xalign train` saves it: a folder, or a Hub id.
        output: the new folder; it must not be there, or be empty.

    Returns:
        The new folder.

    Raises:
        XAlignError: `folder` is no adapter of hf_xalign, its base model cannot be opened, peft is not installed, or
            `output` cannot be written. Nothing half-written stays.
    """
    if base_of_adapter(folder) is None:
        raise XAlignError(f"{folder} is no adapter (it has no {ADAPTER_CONFIG_NAME}): there is nothing to merge")

    from hf_xalign.loading import load_tokenizer, quiet
    from hf_xalign.modeling import XAlignModel

    with whole_folder(output) as partial, quiet():
        model = XAlignModel.from_pretrained(folder)
        model.save_pretrained(partial)
        load_tokenizer(str(folder)).save_pretrained(partial)
        # Without its figures: they are of the adapter.
        copy_records(Path(folder), partial)
    return Path(output)
