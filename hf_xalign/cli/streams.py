"""Lines in and bytes out, for commands that work on text line by line.

Lines end at a line feed and nowhere else: what some tools take for the end of a line besides (U+2028, U+0085, a
vertical tab) passes through, so that input and output stay in step. A carriage return before the line feed is dropped.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from hf_xalign.errors import XAlignError
from hf_xalign.files import whole_file


@contextlib.contextmanager
def open_source(file: str | None) -> Iterator[tuple[BinaryIO, str, int | None]]:
    """`(stream, its name in messages, its size in bytes where that is known)`; None is standard input."""
    if file is None:
        yield sys.stdin.buffer, "standard input", None
        return
    try:
        source = open(file, "rb")  # noqa: SIM115
    except OSError as error:
        raise XAlignError(f"cannot read {file}: {error.strerror}") from error
    with source:
        yield source, file, os.fstat(source.fileno()).st_size or None


@contextlib.contextmanager
def open_target(output: str | None) -> Iterator[BinaryIO]:
    """A file that takes its name only once it is complete; None is standard output, flushed at the end."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with whole_file(output) as target:
        yield target


def read_chunks(source: BinaryIO, name: str, bar, lines: int) -> Iterator[list[str]]:
    """Lists of up to `lines` decoded lines without their ends; `bar` (of tqdm) counts bytes once a list is used up.

    Raises:
        XAlignError: a line that is not UTF-8, with its number.
    """
    chunk: list[str] = []
    size = 0
    for number, line in enumerate(source, 1):
        size += len(line)
        try:
            chunk.append(line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8"))
        except UnicodeDecodeError as error:
            raise XAlignError(
                f"{name}, line {number}: not UTF-8 (byte 0x{line[error.start]:02x} at column {error.start + 1}); "
                "convert the file first, with iconv say"
            ) from error
        if len(chunk) == lines:
            yield chunk
            bar.update(size)
            chunk, size = [], 0
    if chunk:
        yield chunk
    bar.update(size)
