"""Span prediction against one question at a time in loops, and against answers worked out by hand."""

from __future__ import annotations

import itertools
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertForQuestionAnswering,
    BertModel,
    CanineTokenizer,
    PreTrainedTokenizerFast,
    XLMRobertaForMaskedLM,
    XLMRobertaForQuestionAnswering,
)
from transformers.modeling_outputs import QuestionAnsweringModelOutput

from hf_xalign.aligners import load_aligner
from hf_xalign.aligners.span import WSPAlign
from hf_xalign.aligners.span_inputs import MARK, Rows, SpanInputs, windows
from hf_xalign.aligners.span_scores import SYMMETRIZATIONS, best_spans
from hf_xalign.errors import XAlignError
from tests.tiny import tiny_config, word_tokenizer


LETTERS = "abcdefghijklmnopqrstuvwxyz"


def letter_tokenizer(model_type: str = "bert", max_length: int = 512) -> PreTrainedTokenizerFast:
    """A token a letter, so that words have several; framed as BERT or as XLM-R frames a pair. Drops U+200B."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    vocabulary = [*special, MARK, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    backend = Tokenizer(models.WordPiece({token: i for i, token in enumerate(vocabulary)}, unk_token="<unk>"))
    backend.normalizer = normalizers.Replace("\u200b", "")
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.decoder = decoders.WordPiece()
    pair = {"bert": "<s> $A </s> $B:1 </s>:1", "xlm-roberta": "<s> $A </s> </s> $B </s>"}[model_type]
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair=pair, special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        cls_token="<s>",
        pad_token="<pad>",
        sep_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=max_length,
        model_input_names=["input_ids", "attention_mask"] + ["token_type_ids"] * (model_type == "bert"),
    )


def random_model(model_type: str = "bert", seed: int = 0):
    torch.manual_seed(seed)
    padding = {"pad_token_id": 1} if model_type == "bert" else {}
    config = tiny_config(model_type, max_position_embeddings=600, **padding)
    model = {"bert": BertForQuestionAnswering, "xlm-roberta": XLMRobertaForQuestionAnswering}[model_type](config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                # Large, so that answers are at all sorts of places, and some sure.
                parameter.normal_(std=0.6)
        # About as often "no answer" as not.
        model.qa_outputs.weight.normal_(std=1.5)
    return model.eval()


class Told(BertForQuestionAnswering):
    """Answers what `answers` says of the word between the marks: the letters of its answer and a probability, which
    the answer's start has and its end too; "no answer" has the rest. Whatever is not there has no answer, surely."""

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        starts, ends = torch.full((2, *input_ids.shape), -1e4).unbind()
        starts[:, 0] = ends[:, 0] = 0
        for row, ids in enumerate(input_ids.tolist()):
            text = "".join(TEXT[token] for token in ids)
            assert text.count(MARK) == 2 and len(text) <= self.longest
            answer, probability = self.answers.get(text.split(MARK)[1], ("?", 0))
            place = text.find(answer, token_type_ids[row].tolist().index(1))
            if place >= 0:
                starts[row, 0] = ends[row, 0] = math.log(1 - probability)
                starts[row, place] = ends[row, place + len(answer) - 1] = math.log(probability)
        return QuestionAnsweringModelOutput(start_logits=starts, end_logits=ends)


# A character for each token of the letter tokenizer.
TEXT = [*"|_|__", MARK, *LETTERS, *LETTERS]


def told(answers, *, longest=512, **arguments) -> WSPAlign:
    model = Told(tiny_config("bert", layers=1, max_position_embeddings=600, pad_token_id=1))
    model.answers, model.longest = answers, longest
    return WSPAlign(model, tokenizer=letter_tokenizer(), **arguments)


def answer_of(model, tokenizer, question, context, longest):
    """Probability and characters of the best answer, and the probability of none: one forward pass, in loops."""
    inputs = tokenizer(question, context, return_tensors="pt", return_offsets_mapping=True)
    offsets = inputs.pop("offset_mapping")[0].tolist()
    with torch.no_grad():
        output = model(**inputs)
    places = [place for place, part in enumerate(inputs.sequence_ids(0)) if part == 1]
    starts, ends = (
        {place: math.exp(logits[0, place].item()) for place in [0, *places]}
        for logits in (output.start_logits, output.end_logits)
    )
    total = sum(starts.values()) * sum(ends.values())
    best = (0, None, None)
    for first in places:
        for last in places:
            if first <= last < first + longest:
                best = max(best, (starts[first] * ends[last] / total, offsets[first][0], offsets[last][1]))
    return *best, starts[0] * ends[0] / total


def obvious(model, tokenizer, source, target, settings, room=None, overlap=0):
    """One question and one window at a time. Windows are whole words here, so they are texts of their own."""
    symmetrization, split_score, partial_words, null_answers, longest = settings
    found = [{}, {}]
    sides = [(source, target), (target, source)]
    for side, (asked, context) in enumerate(sides[:1] if symmetrization == "forward" else sides):
        for number, word in enumerate(asked):
            question = " ".join([*asked[:number], MARK, word, MARK, *asked[number + 1 :]])
            parts = [(0, len(context))]
            if room is not None:
                bounds = [0, *itertools.accumulate(map(len, context))]
                left = room - sum(map(len, asked)) - 2
                parts = [(bounds.index(first), bounds.index(end)) for first, end in windows(bounds, left, overlap)]
            answers = []
            for first, end in parts:
                texts = " ".join(context[:first]), " ".join(context[first:end])
                shift = len(texts[0]) + (first > 0)
                probability, begin, stop, none = answer_of(model, tokenizer, question, texts[1], longest)
                answers.append((probability, begin + shift, stop + shift, none))
            probability, begin, end, _ = max(answers)
            if null_answers and min(none for *_, none in answers) > probability:
                continue
            words, position = [], 0
            for other, text in enumerate(context):
                inside = begin <= position and position + len(text) <= end
                touched = position < end and position + len(text) > begin
                if touched if partial_words else inside:
                    words.append(other)
                position += len(text) + 1
            for other in words:
                link = (number, other) if side == 0 else (other, number)
                found[side][link] = probability / len(words) if split_score else probability
    links = []
    for link in sorted({**found[0], **found[1]}):
        forward, reverse = found[0].get(link, 0), found[1].get(link, 0)
        if symmetrization == "sum" and link not in found[0]:
            continue
        score = {"min": min(forward, reverse), "forward": forward}.get(symmetrization, (forward + reverse) / 2)
        if score > 0:
            links.append((*link, score))
    return links


def random_pairs(count, seed=0, words=6):
    draw = np.random.default_rng(seed)

    def sentence():
        return ["".join(draw.choice(list(LETTERS), draw.integers(1, 5))) for _ in range(draw.integers(1, words + 1))]

    return [(sentence(), sentence()) for _ in range(count)]


SETTINGS = {
    "average": ("average", False, False, True, 32),
    "sum": ("sum", True, False, True, 32),
    "min": ("min", False, False, True, 32),
    "as inference.py": ("sum", True, True, False, 15),
    "short answers": ("average", False, True, True, 2),
    "split": ("average", True, False, False, 5),
}


def assert_same(aligned, expected):
    assert [[link[:2] for link in links] for links in aligned] == [[link[:2] for link in links] for links in expected]
    scores, expected_scores = ([link[2] for links in rows for link in links] for rows in (aligned, expected))
    assert len(scores) >= 10 and scores == pytest.approx(expected_scores, rel=1e-4)


@pytest.mark.parametrize("model_type", ["bert", "xlm-roberta"])
@pytest.mark.parametrize("name", SETTINGS)
def test_equals_one_question_at_a_time(model_type, name):
    model, tokenizer = random_model(model_type), letter_tokenizer(model_type)
    symmetrization, split_score, partial_words, null_answers, longest = SETTINGS[name]
    aligner = WSPAlign(
        model,
        tokenizer=tokenizer,
        symmetrization=symmetrization,
        threshold=0,
        split_score=split_score,
        partial_words=partial_words,
        null_answers=null_answers,
        max_answer_tokens=longest,
        batch_tokens=400,
    )
    pairs = random_pairs(50 if symmetrization == "min" else 12)
    expected = [obvious(model, tokenizer, *pair, SETTINGS[name]) for pair in pairs]
    assert_same(aligner.align(pairs), expected)


@pytest.mark.parametrize("null_answers", [True, False])
def test_equals_one_window_at_a_time(null_answers, monkeypatch):
    """Short sentences ask about long ones, read in several windows. The way back, where questions are cut, is left
    out, for a cut question is no text."""
    monkeypatch.setitem(SYMMETRIZATIONS, "forward", lambda forward, reverse: forward)
    model, tokenizer = random_model(), letter_tokenizer()
    pairs = [(source[:2], target * 5) for source, target in random_pairs(15, seed=5, words=4)]
    settings = {"symmetrization": "forward", "threshold": 0, "null_answers": null_answers, "max_length": 32}
    aligner = WSPAlign(model, tokenizer=tokenizer, overlap=6, batch_tokens=200, **settings)
    settings = ("forward", False, False, null_answers, 32)
    expected = [obvious(model, tokenizer, *pair, settings, room=29, overlap=6) for pair in pairs]
    assert_same(aligner.align(pairs), expected)


def test_defaults_of_the_scripts():
    """`split_score` follows the symmetrisation, thresholds are on the mean, on the sum, and on the smaller one."""
    model, tokenizer = random_model(), letter_tokenizer()
    aligners = {name: WSPAlign(model, tokenizer=tokenizer, symmetrization=name) for name in ("average", "sum", "min")}
    assert [aligner.split_score for aligner in aligners.values()] == [False, True, False]
    assert [aligner.threshold for aligner in aligners.values()] == [0.4, 0.05, 0.4]


@pytest.mark.parametrize("batch_tokens", [1, 50, 10**6])
def test_batches_change_nothing(batch_tokens):
    model, tokenizer, pairs = random_model(), letter_tokenizer(), random_pairs(8, seed=1)
    pairs[3] = (["a"], ["b"])
    whole = WSPAlign(model, tokenizer=tokenizer, threshold=0).align(pairs)
    parts = WSPAlign(model, tokenizer=tokenizer, threshold=0, batch_tokens=batch_tokens).align(pairs)
    for links, others in zip(whole, parts, strict=True):
        assert [link[:2] for link in links] == [link[:2] for link in others]
        assert [link[2] for link in links] == pytest.approx([link[2] for link in others], rel=1e-4)


# The house is big -> das Haus ist gross. Probabilities are of start and of end, so an answer has their square.
PAIR = (["the", "house", "is", "big"], ["das", "haus", "ist", "gross"])
ANSWERS = {
    "the": ("das", 0.9),  # 0.81
    "das": ("the", 0.8),  # 0.64
    "house": ("haus", 0.95),  # 0.9025, one way only
    "is": ("istgross", 0.9),  # 0.81, two words
    "ist": ("is", 0.7),  # 0.49
    "big": ("gros", 0.9),  # not the whole word: no link
    "gross": ("big", 0.8),  # 0.64, the other way only
}


@pytest.mark.parametrize(
    ("symmetrization", "threshold", "expected"),
    [
        ("average", 0, {(0, 0): 0.725, (1, 1): 0.45125, (2, 2): 0.65, (2, 3): 0.405, (3, 3): 0.32}),
        ("average", None, {(0, 0): 0.725, (1, 1): 0.45125, (2, 2): 0.65, (2, 3): 0.405}),
        ("average", 0.7, {(0, 0): 0.725}),
        # 0.81 + 0.64, 0.9025, 0.405 + 0.49, 0.405, and nothing for big, which only the reverse direction has.
        ("sum", None, {(0, 0): 0.725, (1, 1): 0.45125, (2, 2): 0.4475, (2, 3): 0.2025}),
        ("sum", 0.9, {(0, 0): 0.725, (1, 1): 0.45125}),
        ("sum", 1.4, {(0, 0): 0.725}),
        ("min", 0, {(0, 0): 0.64, (2, 2): 0.49}),
        ("min", 0.5, {(0, 0): 0.64}),
    ],
)
def test_symmetrisations_by_hand(symmetrization, threshold, expected):
    aligner = told(ANSWERS, symmetrization=symmetrization, threshold=threshold)
    (links,) = aligner.align([PAIR])
    assert {link[:2]: pytest.approx(link[2], rel=1e-4) for link in links} == expected


def test_words_covered_in_part_by_hand():
    (links,) = told(ANSWERS, threshold=0, partial_words=True).align([PAIR])
    assert (3, 3, pytest.approx((0.81 + 0.64) / 2, rel=1e-4)) in links


def test_no_answer_wins_over_a_less_probable_one():
    answers = {"a": ("x", 0.4), "b": ("y", 0.6)}  # 0.16 against 0.36; 0.36 against 0.16
    pair = [(["a", "b"], ["x", "y"])]
    assert told(answers, threshold=0).align(pair) == [[(1, 1, pytest.approx(0.18, rel=1e-4))]]
    (links,) = told(answers, threshold=0, null_answers=False).align(pair)
    assert (0, 0, pytest.approx(0.08, rel=1e-4)) in links


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_best_spans_are_those_of_loops(data):
    length, longest = data.draw(st.integers(2, 9)), data.draw(st.integers(1, 12))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 10**6)))
    starts, ends = (3 * torch.randn(3, length, generator=generator) for _ in range(2))
    context = torch.zeros(3, length, dtype=torch.bool)
    for row in range(3):
        first = data.draw(st.integers(1, length - 1))
        context[row, first : data.draw(st.integers(first + 1, length))] = True
    scores, firsts, lasts, no_answers = best_spans(starts, ends, context, null=0, max_tokens=longest)
    for row in range(3):
        counted = [0, *context[row].nonzero()[:, 0].tolist()]
        p, q = (torch.softmax(logits[row, counted].double(), 0).tolist() for logits in (starts, ends))
        p, q = dict(zip(counted, p, strict=True)), dict(zip(counted, q, strict=True))
        spans = [(a, b) for a, b in itertools.product(counted[1:], repeat=2) if a <= b < a + longest]
        best = max(spans, key=lambda span: p[span[0]] * q[span[1]])
        assert (firsts[row].item(), lasts[row].item()) == best
        assert scores[row].exp().item() == pytest.approx(p[best[0]] * q[best[1]], rel=1e-4)
        assert no_answers[row].exp().item() == pytest.approx(p[0] * q[0], rel=1e-4)


@pytest.mark.parametrize("model_type", ["bert", "xlm-roberta"])
def test_inputs_are_those_of_the_tokenizer(model_type):
    tokenizer = letter_tokenizer(model_type)
    inputs = SpanInputs(tokenizer, max_length=60, overlap=10)
    source, target = ["abc", "d", "ef"], ["gh", "i"]
    asked, context = inputs.sentences([source, target])
    rows = Rows()
    for word in range(3):
        inputs.add(rows, word, asked, word, context)
        question = " ".join([*source[:word], MARK, source[word], MARK, *source[word + 1 :]])
        expected = tokenizer(question, " ".join(target), return_token_type_ids=True)
        assert rows.ids[word] == expected["input_ids"]
        assert rows.types[word] == expected["token_type_ids"]
        assert rows.starts[word] == expected.sequence_ids(0).index(1)
    assert rows.cut == 0 and rows.windows == [(0, len(context.ids))] * 3


@given(st.lists(st.integers(0, 7), min_size=1, max_size=25), st.integers(1, 12), st.integers(0, 9))
@settings(deadline=None)
def test_windows_leave_nothing_out(sizes, room, overlap):
    bounds = [0, *itertools.accumulate(sizes)]
    parts = list(windows(bounds, room, overlap))
    assume(bounds[-1] > 0)
    if bounds[-1] <= room:
        assert parts == [(0, bounds[-1])]
        return
    assert {token for first, end in parts for token in range(first, end)} == set(range(bounds[-1]))
    assert all(0 < end - first <= room for first, end in parts)
    assert all(before[1] - after[0] <= overlap and before[1] < after[1] for before, after in itertools.pairwise(parts))
    for start, end in itertools.pairwise(bounds):
        if 0 < end - start <= room:
            assert any(first <= start and end <= last for first, last in parts)


def test_answers_are_found_wherever_they_stand_in_a_long_context():
    """30 words of 4 letters in windows of at most 20: the answer to a question is in one or two of them."""
    target = [a + b + "yz" for a, b in itertools.product("abcde", "fghijk")]
    aligner = told({}, threshold=0, max_length=28, overlap=8, longest=28)
    for place, word in enumerate(target):
        aligner._source.open()[0].answers = {"q": (word, 0.9)}
        assert aligner.align([(["q"], target)]) == [[(0, place, pytest.approx(0.405, rel=1e-4))]]


def test_no_answer_must_be_said_in_every_window():
    """The window with the answer is half sure, the others say that there is none: the answer stands."""
    target = ["aaaa", "bbbb", "cccc", "dddd", "eeee"]
    aligner = told({"q": ("dddd", 0.6)}, threshold=0, max_length=18, overlap=0, longest=18)
    assert aligner.align([(["q"], target)]) == [[(0, 3, pytest.approx(0.18, rel=1e-4))]]


def test_a_word_longer_than_a_window_can_be_an_answer():
    aligner = told({"q": ("bbbb", 0.9)}, threshold=0, max_length=24, overlap=4, longest=24)
    # 18 tokens are left for the context, so the word is read in three parts; one is an answer as a whole.
    (links,) = aligner.align([(["q"], ["a", "c" * 36 + "bbbb", "d"])])
    assert links == [(0, 1, pytest.approx(0.405, rel=1e-4))]


def test_long_questions_are_cut_around_their_word(caplog):
    """60 words of 2 letters ask about 5 words: the question keeps what fits around the word, and is counted."""
    source = [a + b for a, b in itertools.product("abcdefghij", "klmnop")]
    target = ["vv", "ww", "xx", "yy", "zz"]
    answers = {source[0]: ("vv", 0.9), source[30]: ("xx", 0.9), source[59]: ("zz", 0.9)}
    aligner = told(answers, threshold=0, max_length=40, longest=40)
    expected = [(0, 0), (30, 2), (59, 4)]
    assert [link[:2] for link in aligner.align([(source, target)])[0]] == expected
    assert "60 of 65 questions were too long and cut around their word" in caplog.text
    inputs = SpanInputs(letter_tokenizer(), max_length=40, overlap=4)
    asked, context = inputs.sentences([source, target])
    for word in (0, 30, 59):
        rows = Rows()
        inputs.add(rows, 0, asked, word, context)
        text = "".join(TEXT[token] for token in rows.ids[0])
        assert len(text) == 40 and text.split(MARK)[1] == source[word]
        # 27 tokens of question: two marks, the word, and 23 around it.
        before, _, after = text.split("|")[1].split(MARK)
        assert (len(before), len(after)) == {0: (0, 23), 30: (11, 12), 59: (23, 0)}[word]


def test_words_without_tokens_are_counted(caplog):
    answers = {"a": ("x", 0.9), "x": ("a", 0.9)}
    pairs = [(["\u200b", "a"], ["x"]), (["a"], ["\u200b"])]
    assert told(answers).align(pairs) == [[(1, 0, pytest.approx(0.81, rel=1e-4))], []]
    assert "2 of 5 words have no token" in caplog.text


def test_a_token_of_space_is_not_part_of_the_word():
    """`▁` `b` `c`: an answer that begins at b covers the word."""
    vocabulary = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("▁", -1.0), (MARK, -1.0), *((c, -1.0) for c in "abc")]
    backend = Tokenizer(models.Unigram(vocabulary, unk_id=0))
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, cls_token="<s>", sep_token="</s>", unk_token="<unk>")
    (sentence,) = SpanInputs(tokenizer, max_length=30, overlap=4).sentences([["a", "bc"]])
    assert tokenizer.convert_ids_to_tokens(sentence.ids) == ["▁", "a", "▁", "b", "c"]
    assert sentence.words_in(3, 4, (0, 5)).tolist() == [1]
    assert sentence.words_in(1, 4, (0, 5)).tolist() == [0, 1]
    assert sentence.words_in(2, 3, (0, 5)).tolist() == []
    assert sentence.words_touching(2, 3).tolist() == [1]
    assert sentence.words_touching(2, 2).tolist() == []


def test_folder_pickle_and_id(tmp_path):
    model, tokenizer = random_model(), letter_tokenizer()
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    pairs = random_pairs(3)
    aligner = load_aligner("wspalign", model=str(tmp_path), threshold=0)
    expected = WSPAlign(model, tokenizer=tokenizer, threshold=0).align(pairs)
    assert aligner.align(pairs) == expected
    copy = pickle.loads(pickle.dumps(aligner))
    assert copy.id == aligner.id and copy.align(pairs) == expected
    assert aligner.id.startswith(f"wspalign(model={tmp_path.name}@")
    assert aligner.id != WSPAlign(str(tmp_path)).id
    in_memory = pickle.loads(pickle.dumps(WSPAlign(model, tokenizer=tokenizer, threshold=0)))
    assert in_memory.align(pairs) == expected


def test_models_that_will_not_do_are_refused_in_one_line(tmp_path):
    config = tiny_config("bert")
    pair = [PAIR]

    def refused(folder, said):
        with pytest.raises(XAlignError, match=said) as failure:
            WSPAlign(str(tmp_path / folder)).align(pair)
        assert "\n" not in str(failure.value)

    BertModel(config).save_pretrained(tmp_path / "encoder")
    refused("encoder", r"encoder has no question-answering head \(no weights for qa_outputs.bias, qa_outputs.weight\)")
    XLMRobertaForMaskedLM(tiny_config()).save_pretrained(tmp_path / "lm")
    refused("lm", "has no question-answering head")
    config.save_pretrained(tmp_path / "no-weights")
    refused("no-weights", "has no weights: there is no model.safetensors")
    config.save_pretrained(tmp_path / "pickled")
    torch.save(BertForQuestionAnswering(config).state_dict(), tmp_path / "pickled" / "pytorch_model.bin")
    refused("pickled", r"as pickle only \(pytorch_model.bin\), which is never read; .*save_pretrained")
    BertForQuestionAnswering(config).save_pretrained(tmp_path / "no-tokenizer")
    refused("no-tokenizer", "no-tokenizer: the tokenizer does not know ¶")
    word_tokenizer().save_pretrained(tmp_path / "no-tokenizer")
    refused("no-tokenizer", "no-tokenizer: the tokenizer does not know ¶")
    (tmp_path / "empty").mkdir()
    refused("empty", "has no config.json")
    refused("none", "no such model folder")
    BertForQuestionAnswering(config).save_pretrained(tmp_path / "damaged")
    letter_tokenizer().save_pretrained(tmp_path / "damaged")
    (tmp_path / "damaged" / "model.safetensors").write_bytes(b"damaged")
    refused("damaged", "cannot open the model of .*damaged")
    with pytest.raises(XAlignError, match="BertModel has none"):
        WSPAlign(BertModel(config), tokenizer=letter_tokenizer())
    with pytest.raises(XAlignError, match="no fast version"):
        WSPAlign(random_model(), tokenizer=CanineTokenizer()).align(pair)
    with pytest.raises(XAlignError, match="which leaves no room"):
        WSPAlign(random_model(), tokenizer=letter_tokenizer(), max_length=8).align(pair)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"symmetrization": "avarage"}, "'avarage'; did you mean 'average'"),
        ({"threshold": 1.5}, "'average' it is 0 to 1"),
        ({"symmetrization": "sum", "threshold": 2.5}, "'sum' it is 0 to 2"),
        ({"max_answer_tokens": 0}, "max_answer_tokens is 0"),
        ({"overlap": -1}, "overlap is -1"),
        ({"batch_tokens": 2.5}, "batch_tokens is 2.5"),
        ({"treshold": 0.4}, "did you mean 'threshold'"),
    ],
)
def test_settings_out_of_range(wrong, said):
    with pytest.raises(XAlignError, match=said):
        load_aligner("wspalign", model=random_model(), tokenizer=letter_tokenizer(), **wrong)
