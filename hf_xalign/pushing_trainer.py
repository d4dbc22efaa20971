"""How a run reaches the Hub: Trainer's `push_to_hub` and what belongs to it, for models with files of their own."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from transformers import Trainer
from transformers.trainer_utils import HubStrategy, SaveStrategy

from hf_xalign.background_push import BackgroundPushes
from hf_xalign.errors import XAlignError
from hf_xalign.published_files import is_part_of_model, model_files
from hf_xalign.repository import Repository, open_repository


class PushingTrainer(Trainer):
    """`transformers.Trainer` whose pushes hold all files of an [`XAlignModel`], with its own card, and nothing else.

    `push_to_hub`, `hub_model_id`, `hub_strategy`, `hub_token`, `hub_private_repo`, `hub_always_push` and
    `hub_revision` mean what they mean in transformers, but for three things: a push is one commit of the published
    files (no pickles; no optimiser unless a strategy asks for whole checkpoints); a checkpoint that is saved while
    another travels waits for it instead of being dropped, and gives way to a newer one (`hub_always_push` keeps all);
    and a branch `hub_revision` that is not there is made.
    """

    repository: Repository | None = None

    def init_hf_repo(self, token: str | None = None, private: bool | None = None) -> None:
        """Make the repository, or find that it may not be written to.

        Args:
            token, private: instead of `hub_token` and `hub_private_repo`.

        Raises:
            XAlignError: wrong token, no right to write, no connection.
        """
        if not self.is_world_process_zero():
            return
        self.repository = self._open(token, private, self.args.hub_revision)
        self.hub_model_id = self.repository.id
        self._pushes = BackgroundPushes(self.repository, self.args.output_dir, self._write_card)

    def _open(self, token: str | None, private: bool | None, revision: str | None) -> Repository:
        return open_repository(
            self.args.hub_model_id or Path(self.args.output_dir).absolute().name,
            private=self.args.hub_private_repo if private is None else private,
            revision=revision,
            token=token or self.args.hub_token,
        )

    def create_model_card(self, **kwargs: Any) -> None:
        """Write the card of the output folder from what lies in it; `kwargs`, for transformers' own, are not used."""
        if self.is_world_process_zero():
            self._write_card(self.args.output_dir)

    def _write_card(self, folder: str | Path) -> None:
        # It stands above the trainer: a card is made of what a run has left in a folder.
        from hf_xalign.hub.model_card import write_card

        write_card(folder, repo_id=self.hub_model_id)

    def push_to_hub(
        self,
        commit_message: str | None = "End of training",
        blocking: bool = True,
        token: str | None = None,
        revision: str | None = None,
        private: bool | None = None,
        **kwargs: Any,
    ) -> str | Future | None:
        """Save the model, write its card and push the output folder.

        Args:
            commit_message, blocking, token, revision, private: as for `transformers.Trainer.push_to_hub`.
            kwargs: of transformers' own card; not used.

        Returns:
            The address of the commit, or a future of it if not `blocking`; None on all processes but the first.

        Raises:
            XAlignError: what went wrong on the way, and how to push what is saved.
        """
        self.callback_handler.on_push_begin(self.args, self.state, self.control)
        if self.repository is None:
            self.init_hf_repo(token=token, private=private)
        self.save_model(_internal_call=True)
        if not self.is_world_process_zero():
            return None
        self.create_model_card(**kwargs)
        repository = self.repository
        if token is not None or revision not in (None, repository.revision):
            repository = self._open(token, private, revision or self.args.hub_revision)
        if blocking:
            return self._push_output(repository, commit_message)
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="push")
        future = executor.submit(self._push_output, repository, commit_message)
        executor.shutdown(wait=False)
        return future

    def push_output_dir(self, commit_message: str = "End of training") -> str | None:
        """Push the output folder as it is, once the pushes in the background are through.

        Args:
            commit_message: of the commit.

        Returns:
            The address of the commit; None on all processes but the first.

        Raises:
            XAlignError: what went wrong on the way, and how to push what is saved.
        """
        if not self.is_world_process_zero():
            return None
        return self._push_output(self.repository, commit_message)

    def _push_output(self, repository: Repository, message: str) -> str:
        self._finish_current_push()
        folder = self.args.output_dir
        try:
            return repository.upload(model_files(folder), message, replaces=is_part_of_model)
        except XAlignError as error:
            branch = f" --revision {repository.revision}" if repository.revision else ""
            raise XAlignError(
                f"{error}. The model is saved; push it with: xalign push {folder} --repo-id {repository.id}{branch}"
            ) from None

    def _push_from_checkpoint(self, checkpoint_folder: str) -> None:
        strategy = self.args.hub_strategy
        if not self.is_world_process_zero() or strategy == HubStrategy.END:
            return
        self.callback_handler.on_push_begin(self.args, self.state, self.control)
        by_step = self.args.save_strategy == SaveStrategy.STEPS
        where = f"step {self.state.global_step}" if by_step else f"epoch {int(self.state.epoch)}"
        whole_to = {
            HubStrategy.CHECKPOINT: "last-checkpoint",
            HubStrategy.ALL_CHECKPOINTS: Path(checkpoint_folder).name,
        }.get(strategy)
        self._pushes.add(
            checkpoint_folder,
            f"Training in progress, {where}",
            whole_to=whole_to,
            every=self.args.hub_always_push or strategy == HubStrategy.ALL_CHECKPOINTS,
        )

    def _finish_current_push(self) -> None:
        if self.repository is not None:
            self._pushes.finish()
