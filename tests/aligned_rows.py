"""Rows with words and alignments, of random tokens."""

from __future__ import annotations

import torch

from tests.tiny import random_rows


def aligned_rows(count: int, *, seed: int = 0, empty: tuple[int, ...] = (), **lengths) -> list[dict]:
    """Rows as `TokenizeViews` gives them with alignments: words of one to three sub-words, links at random.

    The rows named in `empty` have no link.
    """
    generator = torch.Generator().manual_seed(seed + 1)

    def number(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=generator))

    rows = []
    for index, row in enumerate(random_rows(count, seed=seed, **lengths)):
        words = {}
        for side in ("source", "target"):
            ids: list[int] = []
            word = 0
            while len(ids) < len(row[f"{side}_input_ids"]) - 2:
                ids += [word] * number(1, 4)
                word += 1
            ids = ids[: len(row[f"{side}_input_ids"]) - 2]
            words[f"{side}_word_ids"] = [-1, *ids, -1]
        counts = [max(words[f"{side}_word_ids"]) + 1 for side in ("source", "target")]
        links = {(number(0, counts[0]), number(0, counts[1])) for _ in range(4)}
        alignment = [] if index in empty else sorted(map(list, links))
        rows.append(
            {
                **row,
                **words,
                "alignment": alignment,
                "source_lang": "eng_Latn",
                "target_lang": ("hin_Deva", "urd_Arab")[index % 2],
                "draw": index,
                "row_id": index,
            }
        )
    return rows
