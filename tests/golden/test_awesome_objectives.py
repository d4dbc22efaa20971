"""SO and CO against the formulas written out in loops, in float64, gradients included."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from hf_xalign import XAlignDataCollator, XAlignModel
from hf_xalign.errors import XAlignError
from hf_xalign.gradient_cache import cached_step
from hf_xalign.heads import EncodedView, HeadInputs, build_head
from tests.aligned_rows import aligned_rows
from tests.tiny import tiny_config, word_tokenizer


# Words of the tokens of each row, framed by special tokens; "-" is text without a word (a word cut in tokenising).
# A sentence of one token, words of many sub-words, words that lie apart, a row that no link names.
SOURCE = (["a", "b", "b", "c"], ["a"], ["a", "a", "a", "-", "b", "a"], ["a", "b"])
TARGET = (["a", "a", "b"], ["a", "b", "c", "c", "d", "e", "-"], ["a", "b"], ["a", "b", "b"])
# Twice the same one, two of one word, and words that no token belongs to.
LINKS = [[0, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 2], [1, 0, 4], [2, 1, 0], [2, 0, 0], [2, 9, 0], [2, 0, 7]]


def _view(rows, seed):
    generator = torch.Generator().manual_seed(seed)
    width = max(map(len, rows)) + 3
    states = 1.3 * torch.randn(len(rows), width, 6, dtype=torch.float64, generator=generator)
    special, word_ids = torch.ones(len(rows), width, dtype=torch.int64), torch.full((len(rows), width), -1)
    attention = torch.zeros_like(special)
    for row, words in enumerate(rows):
        attention[row, : len(words) + 2] = 1
        special[row, 1 : len(words) + 1] = 0
        word_ids[row, 1 : len(words) + 1] = torch.tensor([-1 if word == "-" else ord(word) - 97 for word in words])
    return EncodedView((states.requires_grad_(),), attention, special, word_ids=word_ids)


def _inputs(**fields):
    views = {"source": _view(SOURCE, 0), "target": _view(TARGET, 1)}
    return HeadInputs(views, None, alignment_layer=0, links=torch.tensor(LINKS), **fields)


def _states(inputs):
    return [view.hidden_states[0] for view in inputs.views.values()]


def softmax(scores):
    exponentials = [torch.exp(score) for score in scores]
    return [exponential / sum(exponentials) for exponential in exponentials]


def entmax15(scores):
    """p = max(0, x/2 − τ)², Σp = 1 (Peters et al., ACL 2019, appendix): τ for each possible size of the support."""
    halves = [score / 2 for score in scores]
    order = sorted(range(len(halves)), key=lambda i: -halves[i].item())
    for size in range(len(order), 0, -1):
        chosen = [halves[i] for i in order[:size]]
        mean = sum(chosen) / size
        rest = 1 - sum((half - mean) ** 2 for half in chosen)
        if rest < 0:
            continue
        tau = mean - torch.sqrt(rest / size)
        if tau <= chosen[-1]:
            return [(half - tau) ** 2 if half > tau else half * 0 for half in halves]
    raise AssertionError("a support of one always fits")


def obvious_alignments(inputs, extraction):
    """For each row its text positions, and both directions as dicts of (i, j)."""
    along = {"softmax": softmax, "entmax15": entmax15}[extraction]
    source, target = inputs.views.values()
    for row in range(len(source.special_tokens_mask)):
        places = [
            [place for place, special in enumerate(view.special_tokens_mask[row].tolist()) if not special]
            for view in (source, target)
        ]
        states = [view.hidden_states[0][row] for view in (source, target)]
        forward, reverse = {}, {}
        for i in places[0]:
            shares = along([torch.dot(states[0][i], states[1][j]) for j in places[1]])
            forward |= {(i, j): share for j, share in zip(places[1], shares, strict=True)}
        for j in places[1]:
            shares = along([torch.dot(states[0][i], states[1][j]) for i in places[0]])
            reverse |= {(i, j): share for i, share in zip(places[0], shares, strict=True)}
        yield places, forward, reverse


def obvious_guide(inputs, row, forward, reverse, guide, threshold):
    """The linked cells of a row: words first, then all their tokens."""
    words = []
    for view in inputs.views.values():
        ids = view.word_ids[row].tolist()
        words.append([("word", word) if word >= 0 else ("token", place) for place, word in enumerate(ids)])
    if guide == "links":
        pairs = {(("word", i), ("word", j)) for of, i, j in inputs.links.tolist() if of == row}
    else:
        cells = [cell for cell in forward if forward[cell] > threshold and reverse[cell] > threshold]
        pairs = {(words[0][i], words[1][j]) for i, j in cells}
    return {(i, j) for i, j in forward if (words[0][i], words[1][j]) in pairs}


def obvious_so(inputs, *, guide, extraction, threshold):
    total = torch.zeros((), dtype=torch.float64)
    for row, (places, forward, reverse) in enumerate(obvious_alignments(inputs, extraction)):
        for cell in obvious_guide(inputs, row, forward, reverse, guide, threshold):
            total = total - forward[cell] / len(places[0]) - reverse[cell] / len(places[1])
    return total / len(inputs.views["source"].special_tokens_mask)


def obvious_co(inputs, *, extraction):
    total = torch.zeros((), dtype=torch.float64)
    for places, forward, reverse in obvious_alignments(inputs, extraction):
        trace = sum(forward[i, j] * reverse[i, j] for i in places[0] for j in places[1])
        total = total - trace / min(map(len, places))
    return total / len(inputs.views["source"].special_tokens_mask)


def _assert_equal(loss, expected, inputs):
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    gradients, expected_gradients = (torch.autograd.grad(value, _states(inputs)) for value in (loss, expected))
    torch.testing.assert_close(gradients, expected_gradients, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("guide", ["self", "links"])
@pytest.mark.parametrize(("extraction", "threshold"), [("softmax", 0.001), ("softmax", 0.1), ("entmax15", 0.0)])
def test_self_training_equals_the_formula(guide, extraction, threshold):
    inputs = _inputs()
    head = build_head("so", {"guide": guide, "extraction": extraction, "softmax_threshold": threshold})
    expected = obvious_so(inputs, guide=guide, extraction=extraction, threshold=threshold)
    assert -2 < expected < 0
    _assert_equal(head(inputs), expected, inputs)


@pytest.mark.parametrize("extraction", ["softmax", "entmax15"])
def test_consistency_equals_the_formula(extraction):
    inputs = _inputs()
    expected = obvious_co(inputs, extraction=extraction)
    assert -1 < expected < 0
    _assert_equal(build_head("co", {"extraction": extraction})(inputs), expected, inputs)


def test_the_guide_has_links_and_gaps_and_spreads_over_words():
    """What the tests above rest on."""
    inputs = _inputs()
    cells = linked = spread = 0
    for row, (_, forward, reverse) in enumerate(obvious_alignments(inputs, "softmax")):
        guide = obvious_guide(inputs, row, forward, reverse, "self", 0.1)
        cells, linked = cells + len(forward), linked + len(guide)
        spread += sum(not (forward[cell] > 0.1 and reverse[cell] > 0.1) for cell in guide)
    assert 0 < spread < linked < cells


def test_rows_without_words_are_guided_by_their_tokens():
    inputs = _inputs()
    for view in inputs.views.values():
        view.word_ids = torch.full_like(view.word_ids, -1)
    expected = obvious_so(inputs, guide="self", extraction="softmax", threshold=0.001)
    numbered = build_head("so", {})(inputs)
    for view in inputs.views.values():
        view.word_ids = None
    _assert_equal(build_head("so", {})(inputs), expected, inputs)
    torch.testing.assert_close(numbered, expected)


def test_a_batch_without_links_gives_zero_and_zero_gradients():
    inputs = _inputs()
    inputs.links = torch.zeros(0, 3, dtype=torch.int64)
    loss = build_head("so", {"guide": "links"})(inputs)
    assert loss.item() == 0
    assert not any(gradient.any() for gradient in torch.autograd.grad(loss, _states(inputs)))


@pytest.mark.parametrize("extraction", ["softmax", "entmax15"])
@pytest.mark.parametrize("name", ["so", "co"])
def test_a_row_without_text_loses_nothing_and_breaks_nothing(name, extraction):
    inputs = _inputs()
    head = build_head(name, {"extraction": extraction})
    rest = head.row_losses(inputs, head.soft_alignment(inputs))
    inputs.views["source"].special_tokens_mask[2] = 1
    losses = head.row_losses(inputs, head.soft_alignment(inputs))
    assert losses[2] == 0
    torch.testing.assert_close(losses[[0, 1, 3]], rest[[0, 1, 3]])
    assert all(torch.isfinite(gradient).all() for gradient in torch.autograd.grad(losses.sum(), _states(inputs)))


def test_padding_changes_nothing():
    inputs, wider = _inputs(), _inputs()
    for view in wider.views.values():
        view.hidden_states = (F.pad(view.hidden_states[0], (0, 0, 0, 4), value=50.0),)
        view.attention_mask = F.pad(view.attention_mask, (0, 4))
        view.special_tokens_mask = F.pad(view.special_tokens_mask, (0, 4), value=1)
        view.word_ids = F.pad(view.word_ids, (0, 4), value=-1)
    for name, options in (("so", {}), ("so", {"guide": "links"}), ("co", {})):
        head = build_head(name, options)
        torch.testing.assert_close(head(wider), head(inputs))


def test_the_ends_of_the_scale():
    """One token each, and the same word: nothing else can be linked."""
    view = EncodedView((torch.ones(1, 1, 4),), *(torch.full((1, 1), mask) for mask in (1, 0)))
    inputs = HeadInputs({"source": view, "target": view}, None, alignment_layer=0)
    assert build_head("so", {})(inputs).item() == -2
    assert build_head("co", {})(inputs).item() == -1


def test_rows_are_averaged_over_the_step():
    inputs = _inputs()
    mean = build_head("co", {})(inputs)
    inputs.label_counts = {"rows": torch.tensor(2.5)}
    torch.testing.assert_close(build_head("co", {})(inputs), mean * len(SOURCE) / 2.5)


@pytest.mark.parametrize("name", ["so", "co"])
def test_half_precision_is_computed_in_float32(name):
    inputs, head = _inputs(), build_head(name, {})
    for view in inputs.views.values():
        view.hidden_states = (view.hidden_states[0].bfloat16(),)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = head(inputs)
    for view in inputs.views.values():
        view.hidden_states = (view.hidden_states[0].float(),)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, head(inputs))


@pytest.mark.parametrize(
    "heads",
    [
        {"so": {}, "co": {"weight": 0.5}},
        {"so": {"guide": "links"}},
        {"so": {"layer": -1}, "co": {"layer": 1, "extraction": "entmax15"}, "tlm": {}, "tr": {}},
    ],
    ids=["so+co", "links", "with-others"],
)
def test_a_batch_in_chunks_is_the_batch_at_once(heads):
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(tiny_config(), heads).double()
    views = {view for head in model.xalign_heads.values() for view in head.views}
    masked = {view for head in model.xalign_heads.values() for view in head.masked_views}
    batch = XAlignDataCollator(word_tokenizer(), views=views, masked_views=masked)(aligned_rows(8, empty=(2, 5)))
    out = model(**batch)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    expected = torch.autograd.grad(out.loss, parameters, allow_unused=True)
    loss, losses = cached_step(model, batch, chunk_size=3)
    torch.testing.assert_close(loss.detach(), out.loss.detach())
    torch.testing.assert_close(losses, out.losses)
    for parameter, gradient in zip(parameters, expected, strict=True):
        found = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        torch.testing.assert_close(found, torch.zeros_like(parameter) if gradient is None else gradient)


def test_a_layer_of_its_own():
    inputs = _inputs()
    last = {name: view.hidden_states[0] for name, view in inputs.views.items()}
    expected = build_head("so", {})(inputs)
    for name, view in inputs.views.items():
        view.hidden_states = (torch.zeros_like(last[name]), last[name])
    torch.testing.assert_close(build_head("so", {"layer": 1}, num_layers=1)(inputs), expected)
    assert build_head("so", {})(inputs) != expected


def test_only_given_links_need_alignments():
    assert build_head("so", {"guide": "links"}).needs_alignments
    assert not build_head("so", {}).needs_alignments
    assert build_head("so", {}).masked_views == ()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("so", {"guide": "gold"}, "heads.so.guide is 'gold'; choose one of self, links"),
        ("so", {"extraction": "sparsemax"}, "heads.so.extraction is 'sparsemax'"),
        ("so", {"softmax_threshold": 1.5}, "heads.so.softmax_threshold is 1.5"),
        ("so", {"layer": 9}, r"heads.so.layer is 9, but the encoder has layers 0 \(embeddings\) to 3"),
        ("co", {"layer": -5}, "heads.co.layer is -5"),
        ("co", {"guide": "self"}, "unknown option heads.co.guide"),
    ],
)
def test_options_that_cannot_be_are_named(name, options, message):
    with pytest.raises(XAlignError, match=message):
        build_head(name, options, num_layers=3)


def test_entmax_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(XAlignError, match=r"needs the package entmax: pip install 'hf_xalign\[awesome\]'"):
        build_head("co", {"extraction": "entmax15"})
