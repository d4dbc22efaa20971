"""The sets of objectives that are measured, by the names that tables give them."""

PAIR_OBJECTIVES = {
    "TR": {"tr": {}},
    "TR + AWP + WTR": {"tr": {"weight": 0.8}, "awp": {"weight": 0.1}, "wtr": {"weight": 0.1}},
}
OBJECTIVES = {
    "MLM": {"mlm": {}},
    "MLM + TCM": {"mlm": {}, "tcm": {}},
    "MLM + TCM + TLM": {"mlm": {}, "tcm": {}, "tlm": {}},
    **PAIR_OBJECTIVES,
}
