from __future__ import annotations

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
)
from transformers import initialization as init

from hf_xalign import XAlignConfig, XAlignDataCollator, XAlignModel
from hf_xalign.backbones import fresh_config, lm_scores, max_tokens
from hf_xalign.errors import XAlignError
from hf_xalign.heads import HEADS, Head
from tests.tiny import BACKBONES, random_rows, tiny_config, word_tokenizer


ALL_HEADS = {"mlm": {}, "tcm": {"temperature": 0.1}, "tlm": {"weight": 0.5}}


def _model(backbone="xlm-roberta", heads=ALL_HEADS, **kwargs):
    torch.manual_seed(0)
    return XAlignModel.from_encoder(tiny_config(backbone), heads, **kwargs).eval()


def _batch(tokenizer, count=4):
    return XAlignDataCollator(tokenizer, views=("source", "target", "pair"))(random_rows(count))


@pytest.mark.parametrize("backbone", BACKBONES)
def test_round_trip_keeps_weights_heads_and_losses(backbone, tmp_path, tokenizer):
    model = _model(backbone, alignment_layer=2, pooling="cls")
    model.save_pretrained(tmp_path)
    loaded = XAlignModel.from_pretrained(tmp_path).eval()
    assert isinstance(loaded, XAlignModel) and isinstance(loaded, PreTrainedModel)
    assert loaded.xalign_config.heads == ALL_HEADS
    assert (loaded.alignment_layer, loaded.xalign_config.pooling) == (2, "cls")
    for (name, ours), (other, theirs) in zip(model.state_dict().items(), loaded.state_dict().items(), strict=True):
        assert name == other and torch.equal(ours, theirs)
    batch = _batch(tokenizer)
    assert torch.equal(model(**batch).loss, loaded(**batch).loss)


def test_sharded_checkpoints_load(tmp_path):
    model = _model()
    model.save_pretrained(tmp_path, max_shard_size="10KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    loaded = XAlignModel.from_pretrained(tmp_path)
    for name, value in model.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])


@pytest.mark.parametrize("backbone", BACKBONES)
def test_lm_scores_are_the_backbones_own(backbone):
    model = _model(backbone)
    input_ids = torch.arange(5, 25).view(2, 10)
    out = model(input_ids=input_ids, output_hidden_states=True)
    torch.testing.assert_close(lm_scores(model, out.hidden_states[-1]), out.logits)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_from_encoder_takes_folders_and_models_with_and_without_lm_head(backbone, tmp_path):
    plain = AutoModelForMaskedLM.from_config(tiny_config(backbone)).eval()
    plain.save_pretrained(tmp_path)
    bare = AutoModel.from_pretrained(tmp_path).eval()
    input_ids = torch.arange(5, 25).view(2, 10)
    expected = plain(input_ids=input_ids)
    for encoder in (tmp_path, str(tmp_path), plain):
        model = XAlignModel.from_encoder(encoder, {"mlm": {}}).eval()
        assert torch.equal(model(input_ids=input_ids).logits, expected.logits)
    model = XAlignModel.from_encoder(bare, {"mlm": {}}).eval()
    states = bare(input_ids=input_ids).last_hidden_state
    assert torch.equal(model.base_model(input_ids=input_ids).last_hidden_state, states)
    bare.save_pretrained(tmp_path / "bare")
    model = XAlignModel.from_encoder(tmp_path / "bare", {"mlm": {}}).eval()
    assert torch.equal(model.base_model(input_ids=input_ids).last_hidden_state, states)


def test_from_encoder_takes_the_encoder_of_a_classifier():
    classifier = AutoModelForTokenClassification.from_config(tiny_config()).eval()
    model = XAlignModel.from_encoder(classifier, {"mlm": {}}).eval()
    input_ids = torch.arange(5, 25).view(2, 10)
    states = classifier.base_model(input_ids=input_ids).last_hidden_state
    assert torch.equal(model.base_model(input_ids=input_ids).last_hidden_state, states)


class _ScaledHead(Head):
    views = ("source",)

    def __init__(self, *, weight: float = 1.0):
        super().__init__(weight=weight)
        self.scale = torch.nn.Parameter(torch.empty(3))

    def reset_parameters(self):
        init.constant_(self.scale, 2.5)


def test_parameters_of_a_head_start_as_it_says_and_are_kept(tmp_path, monkeypatch):
    monkeypatch.setitem(HEADS, "scaled", _ScaledHead)
    _model().save_pretrained(tmp_path / "encoder")
    # A model made from a folder is built without storage first.
    for encoder in (tiny_config(), tmp_path / "encoder"):
        model = XAlignModel.from_encoder(encoder, {"scaled": {}})
        assert model.xalign_heads["scaled"].scale.tolist() == [2.5] * 3
    torch.nn.init.constant_(model.xalign_heads["scaled"].scale, 4.0)
    model.save_pretrained(tmp_path / "aligned")
    assert XAlignModel.from_pretrained(tmp_path / "aligned").xalign_heads["scaled"].scale.tolist() == [4.0] * 3


def test_from_encoder_does_not_share_weights_with_the_model_given():
    plain = AutoModelForMaskedLM.from_config(tiny_config())
    model = XAlignModel.from_encoder(plain, {"mlm": {}})
    pointers = {p.data_ptr() for p in plain.parameters()}
    assert not pointers & {p.data_ptr() for p in model.parameters()}


def test_each_view_is_encoded_once(tokenizer):
    model = _model()
    rows = []
    model.base_model.register_forward_hook(lambda *hook, **kw: rows.append(len(hook[-1].last_hidden_state)))
    model(**_batch(tokenizer, 4))
    assert sum(rows) == 3 * 4


def test_merged_views_have_the_states_of_lone_ones(tokenizer):
    from hf_xalign.views import encode_views

    model = _model()
    batch = _batch(tokenizer)
    views = {name: batch[name] for name in ("source", "target", "pair")}
    # `same` is as wide as the source and shares its pass.
    together = encode_views(model.base_model, views | {"same": batch["source"]}, pad_token_id=1)
    for name, view in views.items():
        alone = model.base_model(input_ids=view["input_ids"], attention_mask=view["attention_mask"])
        torch.testing.assert_close(together[name].hidden_states[-1], alone.last_hidden_state)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_token_types_go_to_backbones_that_embed_them(backbone):
    typed, plain = (
        XAlignDataCollator(word_tokenizer(token_types=types), views=("pair",))(random_rows(4))
        for types in (True, False)
    )
    model = _model(backbone, heads={"tlm": {}})
    assert (model(**typed).loss != model(**plain).loss) == (backbone == "bert")


def test_losses_are_weighted_and_named(tokenizer):
    batch = _batch(tokenizer)
    out = _model()(**batch)
    assert list(out.losses) == ["mlm", "tcm", "tlm"]
    torch.testing.assert_close(out.loss, out.losses["mlm"] + out.losses["tcm"] + 0.5 * out.losses["tlm"])
    assert out.loss.requires_grad and not out.losses["mlm"].requires_grad


def test_tcm_reads_the_alignment_layer(tokenizer):
    batch = _batch(tokenizer)
    losses = {layer: _model(heads={"tcm": {}}, alignment_layer=layer)(**batch).loss.item() for layer in range(4)}
    assert len(set(losses.values())) == 4
    assert _model(heads={"tcm": {}}).alignment_layer == 2


def test_configuration_defaults_and_limits():
    config = XAlignConfig(heads={"mlm": None})
    assert config.heads == {"mlm": {}}
    assert [config.resolve_alignment_layer(layers) for layers in (1, 3, 6, 12, 24)] == [1, 2, 4, 8, 16]
    with pytest.raises(XAlignError, match="the encoder has 3 layers"):
        _model(alignment_layer=4)
    with pytest.raises(XAlignError, match="choose 'mean' or 'cls'"):
        XAlignConfig(pooling="max")


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ({"tmc": {}}, "unknown head 'tmc'; did you mean 'tlm'"),
        ({"tcm": {"temprature": 1}}, "heads.tcm.temprature; did you mean 'temperature'"),
        ({"tcm": {"preset": "papers"}}, "heads.tcm.preset is 'papers'"),
        ({"tcm": {"temperature": 0}}, "must be above 0"),
        ({"tcm": {"similarity": "euclid"}}, "choose 'cosine' or 'dot'"),
        ({"tcm": {"factor": "half"}}, "heads.tcm: could not convert string to float: 'half'"),
        ({"mlm": {"weight": [1]}}, "heads.mlm: float"),
        ({"mlm": 3}, "heads.mlm is 3; it must be a mapping"),
    ],
)
def test_wrong_heads_are_named(heads, message):
    with pytest.raises(XAlignError, match=message):
        _model(heads=heads)


def test_a_missing_view_is_named(tokenizer):
    batch = XAlignDataCollator(tokenizer)(random_rows(2))
    with pytest.raises(XAlignError, match="lacks the view 'pair', which 'tlm' needs"):
        _model()(**batch)


def test_from_pretrained_wants_an_aligned_checkpoint(tmp_path):
    AutoModelForMaskedLM.from_config(tiny_config()).save_pretrained(tmp_path)
    with pytest.raises(XAlignError, match="not an hf_xalign checkpoint"):
        XAlignModel.from_pretrained(tmp_path)
    with pytest.raises(XAlignError, match="cannot open the encoder"):
        XAlignModel.from_encoder(tmp_path / "nowhere", {"mlm": {}})


def test_weights_that_cannot_be_read_are_named(tmp_path):
    plain = AutoModelForMaskedLM.from_config(tiny_config())
    plain.config.save_pretrained(tmp_path)
    torch.save(plain.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(XAlignError, match=r"cannot open the weights of .*safetensors"):
        XAlignModel.from_encoder(tmp_path, {"mlm": {}})
    XAlignModel.from_encoder(tmp_path, {"mlm": {}}, use_safetensors=False)
    (tmp_path / "model.safetensors").write_bytes(b"cut short")
    with pytest.raises(XAlignError, match="cannot open the weights of"):
        XAlignModel.from_encoder(tmp_path, {"mlm": {}})


def test_unsupported_backbones_are_refused(tmp_path):
    from transformers import AlbertConfig

    with pytest.raises(XAlignError, match="'albert' is not supported"):
        XAlignModel.from_encoder(AlbertConfig(), {"mlm": {}})


@pytest.mark.parametrize("backbone", [name for name in BACKBONES if name != "deberta-v2"])
def test_fresh_config_fits_the_tokenizer(backbone, tokenizer):
    config = fresh_config(
        backbone, tokenizer, min_tokens=40, num_hidden_layers=2, num_attention_heads=2, hidden_size=8
    )
    assert config.vocab_size == len(tokenizer) and config.pad_token_id == tokenizer.pad_token_id
    assert max_tokens(config) == 40
    model = XAlignModel.from_encoder(config, {"mlm": {}})
    model(input_ids=torch.full((1, 40), 7))
    with pytest.raises(XAlignError, match=r"model_config\.hiden_size; did you mean 'hidden_size'"):
        fresh_config(backbone, tokenizer, min_tokens=40, hiden_size=8)


def test_tokenizer_and_model_open_side_by_side(tmp_path, tokenizer):
    _model().save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert AutoTokenizer.from_pretrained(tmp_path)("w1 w2")["input_ids"] == tokenizer("w1 w2")["input_ids"]


def test_trainer_must_not_scale_the_loss():
    assert XAlignModel.accepts_loss_kwargs is False
