"""The one exception that a user is meant to read."""

from __future__ import annotations

import re


# Longer ones repeat what stands in the file: a key of a megabyte, say.
_LONGEST = 2000
# What ends a line, steers a terminal or turns the text after it, and lone surrogates, which cannot be written at all.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class XAlignError(ValueError):
    """Wrong input: the message says what is wrong, where, and what to do.

    The command line prints the message on one line and exits with status 2; a traceback is never shown for it. A
    message may quote what a stranger wrote, file names too: control characters in it are shown as escapes (`\\x1b`),
    and the middle of a very long one is left out.
    """

    def __init__(self, message: object):
        text = str(message)
        if len(text) > _LONGEST:
            text = f"{text[: _LONGEST * 3 // 4]} … {text[-_LONGEST // 4 :]}"
        super().__init__(_UNSHOWN.sub(lambda found: ascii(found[0])[1:-1], text))
