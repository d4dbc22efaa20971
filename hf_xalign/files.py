"""Files appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hf_xalign.errors import XAlignError


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PARTIAL = ".partial"
_REFUSED = (*_FULL, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


@contextlib.contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """A file to write bytes to, which takes its name once the block is through; a reader sees the old file or the new.

    It is opened at once, in its own folder, so that a place that cannot be written is known before the work is done.

    Raises:
        XAlignError: the file cannot be opened, or the disk is full. Whatever goes wrong, an old file is left as it was
            and nothing half-written stays.
    """
    path = Path(path)
    if path.is_dir():
        raise _refused(path, "it is a folder")
    # One name a process: two that write the same file do not write into each other's.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        target = open(temporary, "wb")  # noqa: SIM115
    except OSError as error:
        raise _refused(path, error.strerror) from None
    try:
        with target:
            yield target
        os.replace(temporary, path)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _refused(path, error.strerror) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def whole_folder(path: str | os.PathLike) -> Iterator[Path]:
    """An empty folder beside `path` to write into, which takes its name once the block is through.

    Raises:
        XAlignError: `path` is a file or a folder that holds something, the folder cannot be made, or the disk is full.
            Whatever goes wrong, nothing half-written stays.
    """
    path = Path(path)
    if path.is_dir() and any(path.iterdir()):
        raise XAlignError(f"{path} exists and is not empty; choose another place")
    if path.exists() and not path.is_dir():
        raise _refused(path, "it is a file")
    # One name a process, and hidden: what a killed process leaves is not taken for the real thing.
    place = path.resolve()
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
    except OSError as error:
        raise _refused(path, error.strerror) from None
    try:
        yield temporary
        os.replace(temporary, place)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _refused(path, error.strerror) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def whole_files(folder: str | os.PathLike) -> Iterator[Path]:
    """An empty folder to write into, whose files take their places in `folder` once the block is through.

    Each of them is there whole or not at all; other files of `folder`, which is made if need be, stay. Only one
    process may do so at a time.
    """
    folder = Path(folder)
    partial = folder / _PARTIAL
    shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
    partial.mkdir(parents=True)
    try:
        yield partial
        for path in sorted(path for path in partial.rglob("*") if path.is_file()):
            place = folder / path.relative_to(partial)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def clear_left(folder: str | os.PathLike) -> None:
    """Delete what killed processes have left half-written in a folder that only this one writes to now."""
    for path in Path(folder).glob(".*"):
        with contextlib.suppress(OSError):
            if re.fullmatch(r"\..+\.\d+\.tmp", path.name) and path.is_file():
                path.unlink()
            elif path.name == _PARTIAL:
                shutil.rmtree(path)


@contextlib.contextmanager
def disk_errors(path: str | os.PathLike, advice: str) -> Iterator[None]:
    """Say in one line that a disk is full, read-only or failing, whoever met it.

    Args:
        path: what is written; an error that names its own file is said of that.
        advice: what to do.

    Raises:
        XAlignError: instead of errors of the disk, also those of safetensors, tokenizers and torch, which are no
            `OSError`; others pass.
    """
    try:
        yield
    except XAlignError:
        raise
    except Exception as error:
        reason, named = _refusal_of_disk(error)
        if reason is None:
            raise
        raise XAlignError(f"{named or path} cannot be written: {reason}; {advice}") from None


def check_writable(folder: str | os.PathLike, key: str) -> None:
    """Refuse a folder that cannot be written before the work is done; nothing is made.

    Args:
        folder: it may be missing, with folders above it.
        key: what the user calls it.

    Raises:
        XAlignError: it, or the folder that it would be made in, is a file or may not be written to.
    """
    folder = Path(folder)
    nearest = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise XAlignError(f"{key} {folder} cannot be written: {nearest} is not a folder that you may write to")


def _refusal_of_disk(error: BaseException | None) -> tuple[str | None, str | None]:
    """What the disk said, and of which file, as far as an error or one of its causes tells."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _REFUSED:
            return error.strerror, error.filename
        # Libraries in Rust tell the number; torch's writer tells nothing but where it stood.
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number and int(number[1]) in _REFUSED:
            return os.strerror(int(number[1])), None
        if isinstance(error, RuntimeError) and re.search(r"PytorchStreamWriter|inline_container", str(error)):
            return "no space left, or the disk fails", None
        error = error.__cause__ or error.__context__
    return None, None


def write_text(path: str | os.PathLike, text: str) -> Path:
    """Write UTF-8 text to a file, whose folder is made if need be, whole or not at all.

    Raises:
        XAlignError: the file cannot be written; an old one is left as it was, and nothing half-written stays.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as target:
            target.write(text.encode("utf-8"))
    except OSError as error:
        raise _refused(path, error.strerror) from None
    return path


def _refused(path: Path, reason: str | None) -> XAlignError:
    return XAlignError(f"{path}: cannot be written: {reason}; choose another place")
