"""Files of strangers in the hands of other libraries."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager

from hf_xalign.errors import XAlignError


@contextmanager
def named_errors(said: str) -> Iterator[None]:
    """Inside, whatever another library raises is an `XAlignError`: `said`, a colon, and the reason on one line.

    For calls of transformers, tokenizers, peft and safetensors that open files. What these raise for a broken one has
    no base class in common (`TypeError`, `AttributeError`, tokenizers' bare `Exception`, ...). The reason is cut after
    300 characters.
    """
    try:
        yield
    except XAlignError:
        raise
    except pickle.UnpicklingError as error:
        # torch and transformers tell how to open it all the same, and to run the code: no advice to pass on.
        raise XAlignError(f"{said}: a pickle of more than tensors, or a broken one, is never opened") from error
    except Exception as error:
        if "trust_remote_code" in str(error):
            raise XAlignError(f"{said}: it comes with code of its own, never run here (trust_remote_code)") from error
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise XAlignError(f"{said}: {reason}") from error
