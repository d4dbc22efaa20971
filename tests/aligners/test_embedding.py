"""Aligners that read hidden states: against one pair at a time, and at the edges of what they are given."""

from __future__ import annotations

import logging
import pickle
import sys

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModel, AutoModelForMaskedLM, GPT2Config, GPT2Model, PreTrainedTokenizerFast

from hf_xalign.aligners import Aligner, load_aligner
from hf_xalign.aligners.states import subword_states, windows
from hf_xalign.aligners.subwords import WordTokenizer
from hf_xalign.errors import XAlignError
from tests.aligners.golden import inputs
from tests.tiny import BACKBONES, tiny_config, word_tokenizer


METHODS = [
    pytest.param("simalign", {"method": method, "token_type": units}, id=f"simalign-{method}-{units}")
    for method in ("inter", "itermax", "match", "fwd", "rev")
    for units in ("bpe", "word")
]
METHODS += [
    pytest.param("awesome", {}, id="awesome-softmax"),
    pytest.param("awesome", {"extraction": "entmax15"}, id="awesome-entmax15"),
    *(
        pytest.param("ot", {"kind": kind, "masses": masses}, id=f"ot-{kind}-{masses}")
        for kind, masses in (("balanced", "uniform"), ("partial", "norm"), ("unbalanced", "uniform"))
    ),
]


def tiny_encoder(model_type: str = "xlm-roberta", **fields):
    torch.manual_seed(0)
    encoder = AutoModel.from_config(tiny_config(model_type, **fields)).eval()
    with torch.no_grad():
        for name, parameter in sorted(encoder.named_parameters()):
            if "norm" not in name.lower():
                parameter.normal_(std=0.3)
    return encoder


def words(*numbers: int) -> list[str]:
    return [f"w{number % 55}" for number in numbers]


PAIRS = [
    (words(1, 2, 3), words(4, 5, 6, 7)),
    (words(8), words(9, 10)),
    (words(1, 2, 3), words(11, 12, 13)),
    (words(*range(20)), words(*range(30, 45))),
    (words(5, 5, 5), words(5, 5)),
    (words(14), words(15)),
]


@pytest.fixture(scope="module")
def wordpieces(tmp_path_factory):
    """A folder with a BERT whose tokenizer cuts words to pieces."""
    folder = tmp_path_factory.mktemp("wordpieces")
    inputs.save_tiny_model(folder)
    return folder


@pytest.mark.parametrize("model_type", BACKBONES)
@pytest.mark.parametrize("layer", [0, 2, 3])
def test_nearest_units_of_the_whole_encoder(model_type, layer):
    encoder, tokenizer = tiny_encoder(model_type), word_tokenizer()
    found = load_aligner("simalign", model=encoder, tokenizer=tokenizer, layer=layer, method="fwd").align(PAIRS)
    for (source, target), links in zip(PAIRS, found, strict=True):
        states = []
        for side in (source, target):
            with torch.no_grad():
                output = encoder(**tokenizer(" ".join(side), return_tensors="pt"), output_hidden_states=True)
            states.append(torch.nn.functional.normalize(output.hidden_states[layer][0, 1:-1], dim=1))
        similarities = states[0] @ states[1].T
        for i, j, _ in links:
            # Not equal: states without positions are the same for the same word, and rounding chooses.
            assert similarities[i, j] >= similarities[i].max() - 1e-5
        assert [i for i, _, _ in links] == list(range(len(source)))


@pytest.mark.parametrize(("name", "settings"), METHODS)
def test_links_are_sorted_and_scored_for_any_sizes(name, settings):
    aligner = load_aligner(name, model=tiny_encoder(), tokenizer=word_tokenizer(), **settings)
    assert isinstance(aligner, Aligner)
    assert aligner.layer == 2
    found = aligner.align(PAIRS)
    assert len(found) == len(PAIRS)
    for (source, target), links in zip(PAIRS, found, strict=True):
        assert links == sorted(links)
        assert len({link[:2] for link in links}) == len(links)
        for i, j, score in links:
            assert type(i) is int and type(j) is int and type(score) is float
            assert 0 <= i < len(source) and 0 <= j < len(target) and 0 <= score <= 1
    assert found[-1] and found[-1][0][:2] == (0, 0)
    assert aligner.align([]) == []


@pytest.mark.parametrize(("name", "settings"), METHODS)
def test_the_batch_does_not_matter(name, settings, wordpieces):
    aligner = load_aligner(name, model=wordpieces, **settings)
    pairs = inputs.tiny_pairs()[::5]
    together = aligner.align([*pairs, *pairs[::-1]])
    assert together[: len(pairs)] == together[len(pairs) :][::-1]
    small = load_aligner(name, model=wordpieces, batch_tokens=1, **settings)
    for pair, links in zip(pairs, together, strict=False):
        alone = small.align([pair])[0]
        assert [link[:2] for link in alone] == [link[:2] for link in links]
        assert [link[2] for link in alone] == pytest.approx([link[2] for link in links], abs=1e-4)


def test_each_sentence_is_encoded_once_and_later_layers_never():
    encoder = tiny_encoder()
    rows, layers = [], []
    encoder.embeddings.register_forward_hook(lambda module, args, output: rows.append(len(output)))
    for number, layer in enumerate(encoder.encoder.layer):
        layer.register_forward_hook(lambda *_, number=number: layers.append(number))
    aligner = load_aligner("simalign", model=encoder, tokenizer=word_tokenizer(), layer=2)
    aligner.align([*PAIRS, *PAIRS])
    assert sum(rows) == len({tuple(side) for pair in PAIRS for side in pair})
    assert set(layers) == {0, 1}


def test_a_model_in_training_is_read_without_dropout_and_stays_in_training():
    encoder = tiny_encoder(dropout=0.5)
    aligner = load_aligner("simalign", model=encoder, tokenizer=word_tokenizer())
    expected = aligner.align(PAIRS)
    encoder.train()
    assert aligner.align(PAIRS) == expected
    assert all(module.training for module in encoder.modules())
    assert all(parameter.grad is None for parameter in encoder.parameters())


def test_the_encoder_of_a_model_with_a_head():
    torch.manual_seed(0)
    model = AutoModelForMaskedLM.from_config(tiny_config()).eval()
    found = load_aligner("awesome", model=model, tokenizer=word_tokenizer()).align(PAIRS)
    assert found == load_aligner("awesome", model=model.base_model, tokenizer=word_tokenizer()).align(PAIRS)


# Long sentences


def test_a_sentence_that_fits_is_read_in_one_pass():
    encoder = tiny_encoder(max_position_embeddings=14)
    ids = [[5 + number for number in range(10)], [20, 21]]
    frame = {"prefix": [0], "suffix": [2], "layer": 3, "batch_tokens": 100}
    found = subword_states(encoder, ids, limit=10, **frame)
    with torch.no_grad():
        single = [encoder(torch.tensor([[0, *row, 2]])).last_hidden_state[0, 1:-1] for row in ids]
    torch.testing.assert_close(found, torch.cat(single), rtol=0, atol=1e-5)


@pytest.mark.parametrize("length", [11, 12, 15, 16, 37])
def test_windows_give_every_subword_the_state_of_the_window_it_stands_best_in(length):
    encoder = tiny_encoder(max_position_embeddings=14)
    ids = [[5 + number % 50 for number in range(length)], [7, 8, 9]]
    frame = {"prefix": [0], "suffix": [2], "layer": 3, "batch_tokens": 24}
    found = subword_states(encoder, ids, limit=10, **frame)
    assert len(found) == length + 3
    read = windows(length, 10)
    for start, end, first, last in read:
        with torch.no_grad():
            alone = encoder(torch.tensor([[0, *ids[0][start:end], 2]])).last_hidden_state[0, 1:-1]
        torch.testing.assert_close(found[first:last], alone[first - start : last - start], rtol=0, atol=1e-5)
        for place in range(first, last):
            # No other window shows more of both sides of this sub-word.
            shown = min(place - start if start else 99, end - 1 - place if end < length else 99)
            for other, stop, *_ in read:
                if other <= place < stop:
                    there = min(place - other if other else 99, stop - 1 - place if stop < length else 99)
                    assert shown >= there - 1


def test_no_word_of_a_long_sentence_is_lost(caplog):
    encoder, tokenizer = tiny_encoder(max_position_embeddings=34), word_tokenizer()
    long = words(*(7 * number for number in range(1000)))
    aligner = load_aligner("simalign", model=encoder, tokenizer=tokenizer, method="fwd")
    with caplog.at_level(logging.WARNING, "hf_xalign"):
        found = aligner.align([(long, words(1, 2, 3)), (words(4), long), (words(4), words(5))])
    assert [i for i, _, _ in found[0]] == list(range(1000))
    assert len(found[1]) == 1
    assert "1 of 4 sentences have more sub-words than the encoder takes at a time (32)" in caplog.text


def test_a_word_longer_than_the_encoder_takes(wordpieces, caplog):
    giant = "ab" * 150
    aligner = load_aligner("simalign", model=wordpieces, method="fwd", token_type="word")
    found = aligner.align([(["a", giant, "."], ["a", "."])])
    assert [i for i, _, _ in found[0]] == [0, 1, 2]


# Words


@pytest.mark.parametrize(("name", "settings"), METHODS)
def test_a_word_that_the_tokenizer_drops_has_no_links(name, settings, wordpieces):
    aligner = load_aligner(name, model=wordpieces, **settings)
    dropped = "\u200b"
    found = aligner.align(
        [(["a", dropped, "."], [".", "a"]), ([dropped], ["a"]), (["a"], [dropped, dropped]), ([dropped], [dropped])]
    )
    assert found[0] and all(i != 1 for i, _, _ in found[0])
    assert found[1:] == [[], [], []]


def test_each_word_is_tokenised_once(monkeypatch):
    tokenizer = word_tokenizer()
    given = []
    monkeypatch.setattr(
        type(tokenizer), "__call__", lambda self, text, **_: given.extend(text) or {"input_ids": [[5]] * len(text)}
    )
    word_ids = WordTokenizer.__new__(WordTokenizer)
    word_ids._tokenizer, word_ids._pieces, word_ids._space = tokenizer, {}, ""
    word_ids([words(1, 2, 1), words(2)])
    assert word_ids([words(1), words(3)]) == [[(5,)], [(5,)]]
    assert sorted(given) == words(1, 2, 3)


def test_a_tokenizer_of_bytes_sees_the_spaces_between_words():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<s>", "</s>", *alphabet, "Ġa", "Ġb", "ab"])}
    backend = Tokenizer(models.BPE(vocabulary, [("Ġ", "a"), ("Ġ", "b"), ("a", "b")]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    pieces = WordTokenizer(tokenizer)([["ab", "a", "b"]])[0]
    running = tokenizer(" ab a b", add_special_tokens=False)["input_ids"]
    assert [token for word in pieces for token in word] == running
    assert len(pieces[1]) == 1 and pieces[1] == (vocabulary["Ġa"],)


# Settings and refusals


def test_scores_below_the_threshold_are_dropped(wordpieces):
    pairs = inputs.tiny_pairs()[:20]
    every = load_aligner("simalign", model=wordpieces).align(pairs)
    kept = load_aligner("simalign", model=wordpieces, threshold=0.2).align(pairs)
    assert kept == [[link for link in links if link[2] >= 0.2] for links in every]
    assert 0 < sum(map(len, kept)) < sum(map(len, every))


def test_null_alignment_needs_the_corpus(wordpieces):
    pairs = inputs.tiny_pairs()
    every, some = (load_aligner("simalign", model=wordpieces, null_align=share) for share in (1.0, 0.7))
    assert not every.needs_corpus and some.needs_corpus
    found, kept = every.align(pairs), some.align(pairs)
    assert all(set(few) <= set(many) for few, many in zip(kept, found, strict=True))
    assert 0.6 < sum(map(len, kept)) / sum(map(len, found)) < 0.85


def test_the_id_tells_what_links_depend_on(wordpieces, tmp_path):
    first = load_aligner("simalign", model=wordpieces)
    assert first.id.startswith("simalign(model=wordpieces0@") and "layer=2, method=itermax" in first.id
    others = [
        load_aligner("simalign", model=wordpieces, **settings)
        for settings in (
            {"layer": 1}, {"method": "inter"}, {"token_type": "word"}, {"distortion": 0.1}, {"threshold": 0.2},
            {"null_align": 0.9}, {"temperature": 0.1},
        )
    ]  # fmt: skip
    others += [load_aligner("awesome", model=wordpieces), load_aligner("awesome", model=wordpieces, layer=1)]
    others += [load_aligner("ot", model=wordpieces, kind=kind) for kind in ("balanced", "partial", "unbalanced")]
    assert len({aligner.id for aligner in [first, *others]}) == len(others) + 1
    assert load_aligner("simalign", model=wordpieces).id == first.id
    for path in wordpieces.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    copied = load_aligner("simalign", model=tmp_path).id
    assert copied.partition("@")[2] == first.id.partition("@")[2]
    model = AutoModel.from_pretrained(tmp_path)
    with torch.no_grad():
        next(model.parameters()).add_(1)
    model.save_pretrained(tmp_path)
    assert load_aligner("simalign", model=tmp_path).id != copied


def test_pickles_without_the_weights_and_loads_again(wordpieces):
    aligner = load_aligner("simalign", model=wordpieces)
    fresh = pickle.dumps(aligner)
    expected = aligner.align(PAIRS)
    used = pickle.dumps(aligner)
    assert used == fresh and len(used) < 2000
    assert pickle.loads(used).align(PAIRS) == expected


def test_a_model_in_memory_pickles_as_its_files():
    aligner = load_aligner("awesome", model=tiny_encoder(), tokenizer=word_tokenizer())
    fresh = pickle.dumps(aligner)
    expected = aligner.align(PAIRS)
    assert pickle.dumps(aligner) == fresh
    copied = pickle.loads(fresh)
    assert copied.id == aligner.id
    assert copied.align(PAIRS) == expected
    assert pickle.loads(pickle.dumps(copied)).align(PAIRS) == expected


def test_refuses_other_models(tmp_path):
    config = GPT2Config(vocab_size=60, n_positions=8, n_embd=4, n_layer=1, n_head=1)
    GPT2Model(config).save_pretrained(tmp_path)
    with pytest.raises(XAlignError, match="encoder 'gpt2' is not supported; supported model types: bert"):
        load_aligner("simalign", model=tmp_path)
    with pytest.raises(XAlignError, match="no such model folder"):
        load_aligner("simalign", model=tmp_path / "missing")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("simaling", {}, "unknown aligner 'simaling'; did you mean 'simalign'"),
        ("simalign", {"metod": "inter"}, "aligner 'simalign' has no setting 'metod'; did you mean 'method'"),
        ("simalign", {"method": "intr"}, "method is 'intr'; did you mean 'inter'"),
        ("simalign", {"token_type": "char"}, "token_type is 'char'"),
        ("simalign", {"distortion": 2}, "distortion is 2; it must be 0 to 1"),
        ("simalign", {"temperature": 0}, "temperature is 0; it must be above 0"),
        ("simalign", {"layer": 4}, r"layer is 4, but the encoder has layers 0 \(embeddings\) to 3"),
        ("simalign", {"layer": -1}, "layer is -1"),
        ("simalign", {"threshold": 1.5}, "threshold is 1.5"),
        ("simalign", {"batch_tokens": 0}, "batch_tokens is 0"),
        ("awesome", {"extraction": "sparsemax"}, "extraction is 'sparsemax'"),
        ("ot", {"kind": "unbalanced", "reg": 0}, "reg is 0; it must be above 0"),
        ("ot", {"masses": "idf"}, "masses is 'idf'"),
    ],
)
def test_refuses_settings(name, settings, message):
    with pytest.raises(XAlignError, match=message):
        load_aligner(name, model=tiny_encoder(), tokenizer=word_tokenizer(), **settings)


def test_refuses_a_missing_model_or_tokenizer():
    with pytest.raises(XAlignError, match="aligner 'simalign' needs the setting 'model'"):
        load_aligner("simalign")
    with pytest.raises(XAlignError, match="needs its tokenizer as an object"):
        load_aligner("simalign", model=tiny_encoder())


def test_refuses_a_tokenizer_of_another_model():
    aligner = load_aligner("simalign", model=tiny_encoder(vocab_size=30), tokenizer=word_tokenizer())
    with pytest.raises(XAlignError, match="token id 46, the encoder has 30 embeddings: not a pair"):
        aligner.align([(words(1), words(41))])


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (([], ["w1"]), "the source side of pair 1 has no words"),
        ((["w1"], []), "the target side of pair 1 has no words"),
        ((["w1", ""], ["w1"]), "word 1 of the source side of pair 1 is '', not a word"),
        ((["w1"], [" "]), "word 0 of the target side of pair 1 is ' ', not a word"),
        (("w1", ["w1"]), "the source side of pair 1 is a string: give a list of words"),
        (("w1",), "pair 1 is not a pair of word lists"),
    ],
)
def test_refuses_what_is_no_pair(pair, message):
    aligner = load_aligner("simalign", model=tiny_encoder(), tokenizer=word_tokenizer())
    with pytest.raises(XAlignError, match=message):
        aligner.align([(["w1"], ["w2"]), pair])


def test_says_what_to_install_for_entmax(monkeypatch):
    monkeypatch.setitem(sys.modules, "entmax", None)
    with pytest.raises(XAlignError, match=r"package entmax: pip install 'hf_xalign\[awesome\]'"):
        load_aligner("awesome", model=tiny_encoder(), tokenizer=word_tokenizer(), extraction="entmax15")
