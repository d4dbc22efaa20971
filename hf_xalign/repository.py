"""A repository on a Hub (whichever `HF_ENDPOINT` names), and what goes wrong with it said in one line."""

from __future__ import annotations

import contextlib
import logging as std_logging
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RevisionNotFoundError,
)
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    build_hf_headers,
    disable_progress_bars,
    enable_progress_bars,
    get_session,
    httpx,
    logging,
    validate_repo_id,
)

from hf_xalign.errors import XAlignError
from hf_xalign.markdown import OUR_CARD
from hf_xalign.published_files import without_quotations
from hf_xalign.version import __version__


# What other programs write into theirs.
_MADE_BY_OTHERS = re.compile("generated automatically|automatically generated")

logger = std_logging.getLogger("hf_xalign")

# The Hub that is known to speak xet, its own protocol for large files.
_HUGGING_FACE = "https://huggingface.co"


@dataclass(frozen=True)
class Repository:
    """A repository that is there and may be written to; see [`open_repository`].

    Attributes:
        id: with its owner, `me/my-model`.
        type: `"model"`, `"dataset"` or `"space"`.
        revision: the branch that is written to; None is the main one.
        url: its page.
    """

    id: str
    type: str
    revision: str | None
    url: str
    token: str | None = field(default=None, repr=False)

    def upload(
        self,
        files: Mapping[str, Path],
        message: str,
        *,
        replaces: Callable[[str, Collection[str]], bool] | None = None,
        create_pr: bool = False,
    ) -> str:
        """Put files there in one commit: whoever looks sees all of them or none.

        Of result files go the numbers, not the sentences that they quote. Large files that have arrived before, in an
        upload that was broken off, say, are not sent again. A card that
        hf_xalign has written does not take the place of one that somebody has written there by hand.

        Args:
            files: names in the repository and where the files lie.
            message: of the commit.
            replaces: tells by its name, and by those of all files there, whether a file of the repository goes in the
                same commit, if it is not in `files`.
            create_pr: open a pull request instead of writing to the branch.

        Returns:
            The address of the commit.

        Raises:
            XAlignError: wrong token, no right to write, repository gone, connection lost.
        """
        api = _api(self.token)
        with hub_errors(self.id, self.token), contextlib.ExitStack() as stack:
            there = api.repo_info(self.id, repo_type=self.type, revision=self.revision)
            names = {sibling.rfilename for sibling in there.siblings or []}
            if "README.md" in names and self._card_stays(api, files.get("README.md")):
                logger.warning("the card of %s was not written by hf_xalign: left as it is", self.id)
                files = {name: path for name, path in files.items() if name != "README.md"}
            gone = sorted(name for name in names - files.keys() if replaces is not None and replaces(name, names))
            as_paths = self._speaks_xet(api)
            operations: list[Any] = [CommitOperationDelete(path_in_repo=name) for name in gone]
            for name, path in files.items():
                # huggingface_hub sends paths by xet, open files by plain HTTP.
                source: Any = without_quotations(name, path)
                if isinstance(source, Path) and not as_paths:
                    source = stack.enter_context(open(path, "rb"))
                operations.append(CommitOperationAdd(path_in_repo=name, path_or_fileobj=source))
            if not as_paths:
                # One of each content first: equal files would be read through one of the open files at a time.
                contents = {add.upload_info.sha256: add for add in operations if isinstance(add, CommitOperationAdd)}
                api.preupload_lfs_files(
                    self.id, contents.values(), repo_type=self.type, revision=self.revision, free_memory=False
                )
            commit = api.create_commit(
                self.id,
                operations,
                commit_message=message,
                repo_type=self.type,
                revision=self.revision,
                create_pr=create_pr,
            )
            return commit.pr_url or commit.commit_url

    def _card_stays(self, api: HfApi, new: Path | None) -> bool:
        if new is None or OUR_CARD not in new.read_text(encoding="utf-8"):
            return False
        path = api.hf_hub_download(self.id, "README.md", repo_type=self.type, revision=self.revision)
        old = Path(path).read_text(encoding="utf-8", errors="replace")
        body = re.sub(r"\A---\n.*?\n---\n", "", old, flags=re.DOTALL).strip()
        return bool(body) and OUR_CARD not in old and not _MADE_BY_OTHERS.search(old)

    def _speaks_xet(self, api: HfApi) -> bool:
        if api.endpoint == _HUGGING_FACE:
            return True
        # Where a Hub does not know xet, huggingface_hub gives up rather than fall back on what every Hub knows.
        route = f"{api.endpoint}/api/{self.type}s/{self.id}/xet-write-token/main"
        answer = get_session().get(route, headers=build_hf_headers(token=self.token))
        return answer.status_code != 404


def open_repository(
    repo_id: str,
    *,
    repo_type: str = "model",
    private: bool | None = None,
    revision: str | None = None,
    token: str | None = None,
) -> Repository:
    """A repository to write to, made if it is not there; so is the branch `revision`.

    Args:
        repo_id: `ME/NAME`, or `NAME` for one of one's own.
        repo_type: `"model"`, `"dataset"` or `"space"`.
        private: whether it is to be private. One that is public is not made private: it is refused.
        revision: a branch; None is the main one.
        token: None is the one of `HF_TOKEN` or of `hf auth login`.

    Raises:
        XAlignError: no good id, wrong token, no right to write, no connection, public where private is asked for.
    """
    check_repo_id(repo_id)
    api = _api(token)
    with hub_errors(repo_id, token):
        url = api.create_repo(repo_id, repo_type=repo_type, private=private, exist_ok=True)
        if private and not api.repo_info(url.repo_id, repo_type=repo_type).private:
            raise XAlignError(
                f"{url.repo_id} is public: make it private on its settings page, or push to another repository"
            )
        if revision is not None and not revision.startswith("refs/"):
            api.create_branch(url.repo_id, branch=revision, repo_type=repo_type, exist_ok=True)
    return Repository(id=url.repo_id, type=repo_type, revision=revision, url=str(url), token=token)


def check_repo_id(repo_id: str) -> None:
    """Refuse what is no id of a repository before anything else is done.

    Raises:
        XAlignError: as said.
    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError:
        raise XAlignError(
            f"{repo_id!r} is no id of a repository: ME/NAME, of letters, digits, '-', '_' and '.', 96 at most"
        ) from None


def check_login(repo_id: str, token: str | None = None) -> None:
    """Ask the Hub whose token it is: long work should not come first where that fails. Nothing is made there.

    Raises:
        XAlignError: no good id, wrong token, or no connection.
    """
    check_repo_id(repo_id)
    with hub_errors(repo_id, token):
        _api(token).whoami()


@contextlib.contextmanager
def hub_errors(repo_id: str, token: str | None = None) -> Iterator[None]:
    """Say in one line what the Hub or the way to it refused; no token is in it. huggingface_hub itself is quiet.

    Raises:
        XAlignError: instead of any error of huggingface_hub.
    """
    level, bars = logging.get_verbosity(), sys.stderr.isatty() or are_progress_bars_disabled()
    logging.set_verbosity_error()
    if not bars:
        disable_progress_bars()
    try:
        yield
    except XAlignError:
        raise
    except (HfHubHTTPError, httpx.HTTPError, OSError, RuntimeError, ValueError) as error:
        line = _one_line(error, repo_id, HfApi().endpoint, given := token or get_token())
        # Neither the cause nor the context is kept: requests and their headers hang on them.
        raise XAlignError(_without_secrets(line, given)) from None
    finally:
        logging.set_verbosity(level)
        if not bars:
            enable_progress_bars()


def _api(token: str | None) -> HfApi:
    return HfApi(token=token, library_name="hf_xalign", library_version=__version__)


def _one_line(error: BaseException, repo_id: str, hub: str, token: str | None) -> str:
    """The first cause that a user can do something about; errors of uploads are wrapped in others."""
    if isinstance(error, ValueError) and "README.md" in str(error):
        return f"cannot push to {repo_id}: {error}"
    for cause in _causes(error):
        if isinstance(cause, OfflineModeIsEnabled):
            return f"cannot reach {hub}: HF_HUB_OFFLINE is set; unset it to push"
        if isinstance(cause, LocalTokenNotFoundError):
            return _no_token(hub)
        if isinstance(cause, HfHubHTTPError):
            return _refusal(cause, repo_id, hub, token)
        if isinstance(cause, httpx.TransportError | ConnectionError | TimeoutError):
            reason = str(cause) or type(cause).__name__
            return (
                f"lost the connection to {hub} ({reason}): run the same command again, large files that have arrived "
                "are not sent twice"
            )
    *_, root = _causes(error)
    why = "" if root is error else f" ({type(root).__name__}: {root})"
    return f"cannot push to {repo_id}: {error}{why}"


def _refusal(error: HfHubHTTPError, repo_id: str, hub: str, token: str | None) -> str:
    status = error.response.status_code
    said = error.server_message or str(error)
    if isinstance(error, RevisionNotFoundError):
        return f"{repo_id} on {hub} has no branch of that name: {said}"
    if status == 401:
        if not token:
            return _no_token(hub)
        return f"{hub} refuses the token: log in anew with `hf auth login`, or set HF_TOKEN to one that may write"
    if status == 403:
        return f"this token may not write to {repo_id} on {hub}: {said}"
    if status == 404:
        return f"there is no repository {repo_id} on {hub}, or this token may not see it"
    if status in (409, 412):
        return f"{repo_id} on {hub} is being changed by somebody else: run the same command again ({said})"
    if status >= 500 or status == 429:
        return f"{hub} is too busy or out of order ({status}): run the same command again later"
    return f"{hub} refuses the push to {repo_id} ({status}): {said}"


def _no_token(hub: str) -> str:
    return f"{hub} wants a token: log in with `hf auth login`, or set HF_TOKEN to one that may write"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _without_secrets(line: str, token: str | None) -> str:
    line = " ".join(line.split())
    if token:
        line = line.replace(token, "<token>")
    line = re.sub(r"hf_[A-Za-z0-9]{8,}", "<token>", line)
    # Addresses of storage are signed: whoever has one may write there for a while.
    return re.sub(r"(https?://[^\s?'\"]+)\?[^\s'\"]+", r"\1", line)
