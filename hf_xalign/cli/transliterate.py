"""Romanise text with uroman: one line out for each line in, in the same order.

Lines end at a line feed and nowhere else: what some tools take for the end of a line besides (U+2028, U+0085, a
vertical tab) passes through, so that originals and romanised lines stay in step. A carriage return before the line
feed is dropped, and the last line ends in a line feed too. Input and output are UTF-8.

  xalign transliterate --lang hin_Deva corpus.hi --output corpus.hi-latn
  zcat corpus.uk.gz | xalign transliterate --lang ukr --num-proc 8 > corpus.uk-latn
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hf_xalign.errors import XAlignError


TAKES_OVERRIDES = False

# Lines handed to a process at a time: enough that passing them on costs little, few enough to keep memory small.
_LINES = 2_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="UTF-8 text (default: standard input)")
    parser.add_argument("--lang", help="language of the text, as hin_Deva, hin or hi; some are romanised by own rules")
    parser.add_argument("--output", metavar="OUT", help="file to write when all is done (default: standard output)")
    parser.add_argument("--num-proc", type=int, default=1, metavar="N", help="processes to use (default: 1)")


def run(options: argparse.Namespace) -> None:
    from tqdm.auto import tqdm

    from hf_xalign.data.languages import parse_language
    from hf_xalign.data.transliteration import transliterate_chunks
    from hf_xalign.data.uroman_backend import backend_id

    if options.num_proc < 1:
        raise XAlignError(f"--num-proc is {options.num_proc}; it must be 1 or more")
    lang = None if options.lang is None else str(parse_language(options.lang))
    lines = 0
    # `disable=None`: a bar on a terminal only.
    with _source(options.file) as (source, name, size), _target(options.output) as target:
        bar = tqdm(total=size, unit="B", unit_scale=True, desc="transliterate", disable=None)
        with (
            bar,
            contextlib.closing(
                transliterate_chunks(_chunks(source, name, bar), lang, num_proc=options.num_proc)
            ) as done,
        ):
            for chunk in done:
                lines += len(chunk)
                target.write("\n".join(chunk).encode("utf-8") + b"\n")
        target.flush()
    if options.output is not None:
        print(f"wrote {lines} lines to {options.output} ({backend_id()}, language {lang or 'not given'})")


@contextlib.contextmanager
def _source(file: str | None) -> Iterator[tuple[BinaryIO, str, int | None]]:
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
def _target(output: str | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that takes its name only once it is complete."""
    if output is None:
        yield sys.stdout.buffer
        return
    path = Path(output)
    if path.is_dir():
        raise XAlignError(f"cannot write {output}: it is a folder")
    try:
        target = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    except OSError as error:
        raise XAlignError(f"cannot write {output}: {error.strerror}") from error
    try:
        with target:
            yield target
        os.chmod(target.name, 0o666 & ~_umask())
        os.replace(target.name, path)
    except BaseException:
        Path(target.name).unlink(missing_ok=True)
        raise


def _chunks(source: BinaryIO, name: str, bar) -> Iterator[list[str]]:
    """Lists of decoded lines, without their ends."""
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
        if len(chunk) == _LINES:
            yield chunk
            bar.update(size)
            chunk, size = [], 0
    if chunk:
        yield chunk
    bar.update(size)


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
