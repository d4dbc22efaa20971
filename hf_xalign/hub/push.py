"""A folder to the Hub: a trained model with its card, or prepared data with theirs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from hf_xalign.errors import XAlignError
from hf_xalign.names import XALIGN_CONFIG_NAME
from hf_xalign.published_files import (
    check_model,
    holds_prepared_data,
    is_part_of_model,
    is_part_of_prepared_data,
    left_out,
    model_files,
    prepared_files,
    with_drawn_words,
)
from hf_xalign.repository import check_repo_id, open_repository


logger = logging.getLogger("hf_xalign")


@dataclass(frozen=True)
class Pushed:
    """What a push did.

    Attributes:
        url: the repository's page.
        revision: the branch; None is the main one.
        files: names in the repository.
        left_out: what lies in the folder and was not pushed: checkpoints, pickles, whatever is not known.
    """

    url: str
    revision: str | None
    files: list[str]
    left_out: list[str]


def push_folder(folder: str | Path, repo_id: str, **options) -> Pushed:
    """Push a folder as what it is: see [`push_model`] and [`push_prepared`], which take the same options."""
    return (push_prepared if holds_prepared_data(folder) else push_model)(folder, repo_id, **options)


def push_model(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool | None = None,
    revision: str | None = None,
    token: str | None = None,
    message: str = "Upload model",
) -> Pushed:
    """Push a model: weights, heads, tokenizer, card, results, recipe and figures, in one commit.

    The card is written anew first, from what lies in the folder (see [`write_card`]; what plain transformers saved has
    the card that lies there, if any). Weights, heads, results and modules that an older push brought
    and the folder no longer has are taken away in the same commit. Figures of TensorBoard that show words of the
    selection data are pushed; the logger `hf_xalign` names them.

    Args:
        folder: of a finished run, of an export, or a checkpoint.
        repo_id: `ME/NAME`; the repository is made if it is not there.
        private: make the repository private; one that is public is refused.
        revision: a branch, made if it is not there; None is the main one.
        token: None is the one of `HF_TOKEN` or of `hf auth login`.
        message: of the commit.

    Raises:
        XAlignError: the folder holds no whole model, no good id, wrong token, no right to write, or no connection. In
            all these cases nothing has changed for whoever opens the model there.
    """
    check_repo_id(repo_id)
    check_model(folder)
    _write_card(folder, repo_id)
    repository = open_repository(repo_id, private=private, revision=revision, token=token)
    if repository.id != repo_id:  # now its owner is known
        _write_card(folder, repository.id)
    files = model_files(folder)
    if drawn := with_drawn_words(files):
        logger.warning("published, too: words of the selection data, in the figures of %s", ", ".join(drawn))
    repository.upload(files, message, replaces=is_part_of_model)
    return Pushed(repository.url, revision, list(files), left_out(folder, files))


def push_prepared(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool | None = None,
    revision: str | None = None,
    token: str | None = None,
    message: str = "Upload prepared data",
) -> Pushed:
    """Push prepared data as a data set, with their card: `datasets.load_dataset(repo_id)` opens it.

    Args:
        folder: as `xalign prepare` made it.
        repo_id, private, revision, token, message: as for [`push_model`].

    Raises:
        XAlignError: the folder holds no complete prepared data; else as for [`push_model`].
    """
    from hf_xalign.data.prepared import read_info

    check_repo_id(repo_id)
    folder = Path(folder)
    info = read_info(folder)
    if info is None:
        raise XAlignError(f"{folder} holds no prepared data; make them with: xalign prepare RECIPE")
    files = prepared_files(folder)
    for name in info["rows"]:
        if f"{name}.parquet" not in files:
            raise XAlignError(f"{folder / name}.parquet is missing; prepare the data again")
    repository = open_repository(repo_id, repo_type="dataset", private=private, revision=revision, token=token)
    repository.upload(files, message, replaces=is_part_of_prepared_data)
    return Pushed(repository.url, revision, list(files), left_out(folder, files))


def _write_card(folder: str | Path, repo_id: str) -> None:
    if XALIGN_CONFIG_NAME in model_files(folder):
        # Takes seconds to import: what is wrong with the folder or the id is said before.
        from hf_xalign.hub.model_card import write_card

        write_card(folder, repo_id=repo_id)
