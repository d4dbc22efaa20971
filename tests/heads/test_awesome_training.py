"""AWESOME-align's objectives train a small encoder on the synthetic corpus, and its words are aligned better."""

from __future__ import annotations

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
from hf_xalign.aligners.gold import GoldAlignment
from hf_xalign.data.minicorpus import load_parallel
from hf_xalign.evaluation.word_alignment import alignment_error_rate
from hf_xalign.heads import HeadInputs, build_head
from hf_xalign.views import encode_views


SIZES = {"train": 300, "test": 60}
SIDES = ("source", "target")
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def _pieces(side, word):
    """Sub-words of four letters, those of each side their own."""
    return [f"{side}{'##' * (start > 0)}{word[start : start + 4]}" for start in range(0, len(word), 4)]


class Corpus:
    """The synthetic sentences of two languages as rows of tokens, and their tokenizer."""

    def __init__(self, pair):
        splits = {split: load_parallel(split, pair, sizes=SIZES) for split in SIZES}
        self.ids = {token: number for number, token in enumerate(SPECIAL)}
        rows = {split: [self._row(row) for row in sentences] for split, sentences in splits.items()}
        self.train, self.test = Dataset.from_list(rows["train"]), rows["test"]
        self.gold = [GoldAlignment(map(tuple, row["alignment"])) for row in self.test]
        self.tokenizer = self._tokenizer()

    def _row(self, sentence):
        row = {"alignment": sentence["alignment"]}
        for side in SIDES:
            words = [_pieces(side, word) for word in sentence[f"{side}_words"]]
            tokens = [self.ids.setdefault(piece, len(self.ids)) for word in words for piece in word]
            numbers = [number for number, word in enumerate(words) for _ in word]
            row |= {f"{side}_input_ids": [0, *tokens, 2], f"{side}_word_ids": [-1, *numbers, -1]}
        return {**row, "length": max(len(row[f"{side}_input_ids"]) for side in SIDES)}

    def _tokenizer(self):
        backend = Tokenizer(models.WordLevel(self.ids, unk_token="<unk>"))
        backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        backend.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
        )
        names = {"bos": "<s>", "eos": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
        return PreTrainedTokenizerFast(
            tokenizer_object=backend, model_max_length=128, **{f"{name}_token": token for name, token in names.items()}
        )

    def collator(self, views, masked_views):
        return XAlignDataCollator(self.tokenizer, views=views, masked_views=masked_views)

    def trained(self, heads, folder, steps=60):
        """A model before and after training, and the logged losses of each head."""
        torch.manual_seed(0)
        config = XLMRobertaConfig(
            vocab_size=len(self.ids), hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=96,
            max_position_embeddings=150, type_vocab_size=1,
        )  # fmt: skip
        model = XAlignModel.from_encoder(config, heads)
        args = XAlignTrainingArguments(
            str(folder), max_steps=steps, per_device_train_batch_size=16, learning_rate=3e-3, logging_steps=10,
            use_cpu=True, disable_tqdm=True, save_strategy="no", lr_scheduler_type="constant",
        )  # fmt: skip
        views, masked = (
            {view for head in model.xalign_heads.values() for view in getattr(head, names)}
            for names in ("views", "masked_views")
        )
        trainer = XAlignTrainer(model, args, train_dataset=self.train, data_collator=self.collator(views, masked))
        before = self.error_rate(model)
        trainer.train()
        logs = [entry for entry in trainer.state.log_history if "loss" in entry]
        losses = {name: [entry[f"loss_{name}"] for entry in logs] for name in heads}
        return before, self.error_rate(model), losses

    @torch.no_grad()
    def error_rate(self, model):
        """The alignment error rate on sentences not trained on."""
        model.eval()
        batch = self.collator(SIDES, ())(self.test)
        views = encode_views(model.base_model, {side: batch[side] for side in SIDES}, 1)
        soft = build_head("so", {}).soft_alignment(HeadInputs(views, None, model.alignment_layer))
        links = [set() for _ in self.test]
        words = [views[side].word_ids.tolist() for side in SIDES]
        for row, i, j in ((soft.forward > 0.001) & (soft.reverse > 0.001)).nonzero().tolist():
            links[row].add((words[0][row][i], words[1][row][j]))
        return alignment_error_rate(links, self.gold, n_resamples=10).value


def test_self_training_and_tlm_lower_the_loss_and_align_no_worse(tmp_path):
    """Hindi and Urdu in like order, which is about all that an encoder without training knows."""
    corpus = Corpus(("hin_Deva", "urd_Arab"))
    before, after, losses = corpus.trained({"so": {}, "tlm": {}}, tmp_path)
    for values in losses.values():
        assert values[-1] < values[0]
    assert after <= before


def test_given_links_teach_words_that_stand_elsewhere(tmp_path):
    """English and Hindi: 0.78 before, 0.17 after."""
    corpus = Corpus(("eng_Latn", "hin_Deva"))
    before, after, losses = corpus.trained({"so": {"guide": "links"}}, tmp_path)
    assert losses["so"][-1] < losses["so"][0]
    assert before > 0.6 and after < 0.4
