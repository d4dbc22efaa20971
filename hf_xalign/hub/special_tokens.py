"""Which token ids are no text: what a tokenizer puts around a sentence, and padding."""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def special_token_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The ids of the tokens that the tokenizer puts around a sentence, and of padding, ascending.

    Training and evaluation leave out such tokens by their place. By id, the same are left out in every sentence that
    does not itself write one of them (`</s>`, say) out. `<mask>` and `<unk>` are text.
    """
    encoded = tokenizer("a", return_special_tokens_mask=True)
    ids = {id_ for id_, special in zip(encoded["input_ids"], encoded["special_tokens_mask"], strict=True) if special}
    return sorted(ids | ({tokenizer.pad_token_id} - {None}))
