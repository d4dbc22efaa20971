"""An encoder that an aligner reads: opened when it is first needed, and pickled as its name, not its weights."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import cached_file, extract_commit_hash

from hf_xalign.aligners.settings import check_device
from hf_xalign.backbones import check_encoder, max_tokens
from hf_xalign.errors import XAlignError
from hf_xalign.loading import load_config, load_encoder, load_tokenizer, quiet


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from transformers import PreTrainedConfig

_Load: TypeAlias = "Callable[[str], PreTrainedModel]"

# A forked child has the parent's modules, and so the parent's number here.
_IMPORTED_BY = os.getpid()

# What of a folder decides which links its model gives.
_CONTENT = ("config.json", "*.safetensors", "tokenizer*", "sentencepiece*", "spiece.model", "vocab.*", "merges.txt")


class EncoderSource(ABC):
    """Where an aligner's encoder and tokenizer come from; [`encoder_source`] makes one.

    Attributes:
        config: the encoder's config, read at once, so that an encoder that will not do is refused at once.
    """

    config: PreTrainedConfig

    @abstractmethod
    def open(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        """The bare encoder and the tokenizer; loaded by the first call, which is what a new process makes."""

    @abstractmethod
    def fingerprint(self) -> str:
        """The model's name and a digest of what it holds: equal for equal files, whatever their folder."""

    def limit(self) -> int:
        """Tokens, special ones included, that encoder and tokenizer take at a time."""
        return min(max_tokens(self.config), self.open()[1].model_max_length)


def encoder_source(
    model: str | os.PathLike | PreTrainedModel,
    tokenizer: str | PreTrainedTokenizerBase | None = None,
    device: str | torch.device | None = None,
    *,
    load: _Load = load_encoder,
) -> EncoderSource:
    """The encoder of a model, or the model with its head.

    Args:
        model: a Hub id, a folder, or a model of transformers, whose base model is used.
        tokenizer: the tokenizer of a model given as an object; a Hub id or folder where it is not the model's own.
        device: where to run; None: on the GPU if there is one, an object where it is.
        load: what opens a name, a function that pickles by its name; with another one than `load_encoder`, a model
            given as an object is used as it is, with its head.

    Raises:
        XAlignError: there is no model there, it is no supported encoder, or an object lacks its tokenizer, or
            there is no such device.
    """
    device = None if device is None else str(device)
    if device is not None:
        check_device(device)
    if isinstance(model, PreTrainedModel):
        if not isinstance(tokenizer, PreTrainedTokenizerBase):
            raise XAlignError("a model given as an object needs its tokenizer as an object: tokenizer=...")
        return _Object(model.base_model if load is load_encoder else model, tokenizer, device, load)
    if isinstance(tokenizer, PreTrainedTokenizerBase):
        raise XAlignError("a model given by name takes its tokenizer by name: a Hub id or a folder, or none at all")
    return _Named(str(model), None if tokenizer is None else str(tokenizer), device, load)


class _Named(EncoderSource):
    """A Hub id or a folder. What is pickled holds the digest of its files, for the fingerprint of data sets."""

    def __init__(self, name: str, tokenizer: str | None, device: str | None, load: _Load) -> None:
        self.name, self.tokenizer, self.device, self.load = name, tokenizer, device, load
        self.config = load_config(name)
        check_encoder(self.config)
        self._opened = None

    def open(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        if self._opened is None:
            self._opened = _load(self.name, self.tokenizer or self.name, self.device, self.load)
        return self._opened

    def fingerprint(self) -> str:
        names = [self.name] if self.tokenizer is None else [self.name, self.tokenizer]
        return "+".join(map(_fingerprint_of, names))

    def __getstate__(self) -> dict[str, Any]:
        settings = {name: self.__dict__[name] for name in ("name", "tokenizer", "device", "load")}
        return {**settings, "fingerprint": self.fingerprint()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["name"], state["tokenizer"], state["device"], state["load"])


class _Object(EncoderSource):
    """A model in memory. It is pickled as the files that it would be saved as."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, device: str | None, load: _Load
    ) -> None:
        self.config, self.load = model.config, load
        check_encoder(self.config)
        if device is not None:
            model.to(device)
        self._opened = model, tokenizer

    def open(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        return self._opened

    def fingerprint(self) -> str:
        return _digest_of(self._name(), self._files())

    def __reduce__(self) -> tuple[Any, ...]:
        return _Files, (self._name(), self._files(), self.load)

    def _name(self) -> str:
        return type(self._opened[0]).__name__

    def _files(self) -> dict[str, bytes]:
        with tempfile.TemporaryDirectory(prefix="hf_xalign-") as folder:
            with quiet():
                for part in self._opened:
                    part.save_pretrained(folder)
            files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        # Whoever used the tokenizer before has left its padding and truncation in it.
        saved = json.loads(files["tokenizer.json"]) | {"truncation": None, "padding": None}
        files["tokenizer.json"] = json.dumps(saved).encode()
        return files


class _Files(EncoderSource):
    """A model as the contents of its files."""

    def __init__(self, name: str, files: dict[str, bytes], load: _Load) -> None:
        self.name, self.files, self.load = name, files, load
        self._opened = None

    @functools.cached_property
    def config(self) -> PreTrainedConfig:
        return self.open()[0].config

    def open(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        if self._opened is None:
            with tempfile.TemporaryDirectory(prefix="hf_xalign-") as folder:
                for name, content in self.files.items():
                    (Path(folder) / name).write_bytes(content)
                self._opened = _load(folder, folder, None, self.load)
        return self._opened

    def fingerprint(self) -> str:
        return _digest_of(self.name, self.files)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Files, (self.name, self.files, self.load)


def _load(
    model: str, tokenizer: str, device: str | None, load: _Load
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    if os.getpid() != _IMPORTED_BY:
        # The threads of the parent do not survive a fork, and OpenMP would wait for them forever.
        torch.set_num_threads(1)
        if torch.cuda.is_initialized():
            raise XAlignError("a GPU cannot be shared with forked processes: leave out num_proc")
    encoder = load(model)
    return (encoder if device is None else encoder.to(device)), load_tokenizer(tokenizer)


def _digest_of(name: str, files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for file, content in sorted(files.items()):
        digest.update(f"{file}:{len(content)}:".encode())
        digest.update(content)
    return f"{name}@{digest.hexdigest()[:12]}"


def _fingerprint_of(name: str) -> str:
    """`folder@digest of its files`, or `hub/id@commit`."""
    if Path(name).is_dir():
        paths = sorted({path for pattern in _CONTENT for path in Path(name).glob(pattern) if path.is_file()})
        states = tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths)
        return f"{Path(name).resolve().name}@{_digest_of_paths(states)[:12]}"
    commit = extract_commit_hash(cached_file(name, "config.json"), None)
    return f"{name}@{commit[:12]}"


@functools.lru_cache(maxsize=16)
def _digest_of_paths(states: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for path, size, _ in states:
        digest.update(f"{Path(path).name}:{size}:".encode())
        with open(path, "rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()
