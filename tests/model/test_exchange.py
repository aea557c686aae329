"""Checkpoints made here open in transformers, those made there load here, and broken ones are refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import Tensor

from trivium.core.errors import CheckpointError, StorageError
from trivium.model.config import Llama3Rope, ModelConfig
from trivium.model.decoder import LanguageModel, ScalarModel, initialise
from trivium.model.exchange import check_tokenizer, load_checkpoint, read_config, save_checkpoint, special_ids

SMALL: dict[str, Any] = {
    "vocab_size": 61,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 12,
    "max_position_embeddings": 64,
}
LLAMA3 = Llama3Rope(factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)


def small(**fields: Any) -> ModelConfig:
    return ModelConfig(**(SMALL | fields))


def made(model: LanguageModel | ScalarModel, seed: int = 1) -> Any:
    generator = torch.Generator().manual_seed(seed)
    initialise(model, generator)
    with torch.no_grad():
        for parameter in model.parameters():  # biases and norms away from 0 and 1, so that losing one shows
            parameter.add_(torch.empty_like(parameter).normal_(0.0, 0.1, generator=generator))
    return model


def ids_and_positions(length: int = 40) -> tuple[Tensor, Tensor]:
    ids_BT = torch.randint(0, 61, (3, length), generator=torch.Generator().manual_seed(2))
    return ids_BT, torch.arange(length).expand(3, -1)


def logits_here(model: LanguageModel, length: int = 40) -> Tensor:
    with torch.no_grad():
        return model.logits(model(*ids_and_positions(length)))


def logits_there(model: Any, length: int = 40) -> Tensor:
    with torch.no_grad():
        return model.eval()(ids_and_positions(length)[0]).logits


SHAPES = {
    "llama": small(),
    "llama_untied": small(tie_word_embeddings=False),
    "llama_biases": small(attention_bias=True, attention_out_bias=True, mlp_bias=True),
    "llama3_rope": small(rope_scaling=LLAMA3, rope_theta=500.0),
    "mistral": small(hidden_size=30),
    "qwen2": small(attention_bias=True, head_dim=8),
    "qwen3": small(qk_norm=True),
    "qwen3_biases_untied": small(
        qk_norm=True, attention_bias=True, attention_out_bias=True, tie_word_embeddings=False, rope_theta=1e6
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_transformers_computes_the_same_logits_from_a_checkpoint_saved_here(name: str, tmp_path: Path) -> None:
    model = made(LanguageModel(SHAPES[name]))
    save_checkpoint(tmp_path, model, None)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    assert type(theirs).__name__.lower().startswith(name.split("_")[0].replace("llama3", "llama"))
    torch.testing.assert_close(logits_there(theirs), logits_here(model), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", SHAPES)
def test_a_model_saved_and_loaded_is_bit_identical_and_has_the_same_shape(name: str, tmp_path: Path) -> None:
    model = made(LanguageModel(SHAPES[name]))
    save_checkpoint(tmp_path, model, None)
    again = load_checkpoint(tmp_path, head="language")
    assert again.config == model.config == read_config(tmp_path)
    assert torch.equal(logits_here(again), logits_here(model))
    assert [n for n, p in again.named_parameters() if p.requires_grad] == [n for n, _ in model.named_parameters()]


HF = {key: value for key, value in SMALL.items() if key not in ("head_dim",)}
THEIRS: dict[str, Any] = {
    "llama": transformers.LlamaConfig(**HF),
    "llama_tied": transformers.LlamaConfig(**HF, tie_word_embeddings=True, head_dim=12),
    "llama_biases": transformers.LlamaConfig(**HF, attention_bias=True, mlp_bias=True),
    "llama3_rope": transformers.LlamaConfig(
        **HF, rope_parameters={"rope_type": "llama3", "rope_theta": 500.0, **LLAMA3.model_dump()}
    ),
    "mistral": transformers.MistralConfig(**HF, sliding_window=None),
    "mistral_wide_window": transformers.MistralConfig(**HF, sliding_window=64, tie_word_embeddings=True),
    "qwen2": transformers.Qwen2Config(**HF),
    "qwen2_tied": transformers.Qwen2Config(**HF, tie_word_embeddings=True),
    "qwen3": transformers.Qwen3Config(**HF, head_dim=12),
    "qwen3_tied_biases": transformers.Qwen3Config(**HF, head_dim=12, tie_word_embeddings=True, attention_bias=True),
}


def theirs_made(config: Any, kind: Any = transformers.AutoModelForCausalLM) -> Any:
    model = kind.from_config(config)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.empty_like(parameter).normal_(0.0, 0.1, generator=generator))
    return model


@pytest.mark.parametrize("name", THEIRS)
def test_a_checkpoint_made_by_transformers_computes_the_same_logits_here(name: str, tmp_path: Path) -> None:
    theirs = theirs_made(THEIRS[name])
    theirs.save_pretrained(tmp_path)
    model = load_checkpoint(tmp_path, head="language")
    torch.testing.assert_close(logits_here(model), logits_there(theirs), atol=1e-4, rtol=0)
    assert model.config.num_parameters == sum(p.numel() for p in theirs.parameters())


def test_the_old_rope_keys_mean_the_same_as_the_new_ones(tmp_path: Path) -> None:
    theirs_made(THEIRS["llama3_rope"]).save_pretrained(tmp_path)
    new = read_config(tmp_path)
    raw = json.loads((tmp_path / "config.json").read_text())
    stated = raw.pop("rope_parameters")
    raw["rope_theta"], raw["rope_scaling"] = stated.pop("rope_theta"), stated
    (tmp_path / "config.json").write_text(json.dumps(raw))
    assert read_config(tmp_path) == new
    assert new.rope_scaling == LLAMA3


def test_sharded_checkpoints_travel_both_ways(tmp_path: Path) -> None:
    model = made(LanguageModel(small(tie_word_embeddings=False)))
    save_checkpoint(tmp_path / "ours", model, None, shard_bytes=20_000)
    assert len(list((tmp_path / "ours").glob("model-*.safetensors"))) > 2
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours", dtype=torch.float32)
    torch.testing.assert_close(logits_there(theirs), logits_here(model), atol=1e-4, rtol=0)
    theirs.save_pretrained(tmp_path / "theirs", max_shard_size="20KB")
    assert (tmp_path / "theirs" / "model.safetensors.index.json").is_file()
    assert torch.equal(logits_here(load_checkpoint(tmp_path / "theirs", head="language")), logits_here(model))


def test_saving_again_in_one_file_leaves_no_shard_of_before(tmp_path: Path) -> None:
    model = made(LanguageModel(small()))
    save_checkpoint(tmp_path, model, None, shard_bytes=10_000)
    save_checkpoint(tmp_path, model, None)
    assert [path.name for path in tmp_path.glob("*.safetensors*")] == ["model.safetensors"]


def test_greedy_tokens_agree_with_transformers(tmp_path: Path) -> None:
    model = made(LanguageModel(small(qk_norm=True)))
    save_checkpoint(tmp_path, model, None, extra={"bos_token_id": 0, "eos_token_id": 60, "pad_token_id": 1})
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    prompt = [5, 9, 14]
    found = theirs.generate(torch.tensor([prompt]), max_new_tokens=20, do_sample=False, eos_token_id=None)[0].tolist()
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(20):
            hidden_BTD = model(torch.tensor([ids]), torch.arange(len(ids))[None])
            ids.append(int(model.logits(hidden_BTD[0, -1]).argmax()))
    assert ids == found


@pytest.mark.parametrize("qk_norm", [False, True])
def test_reward_scores_equal_transformers_up_to_the_stated_bias(qk_norm: bool, tmp_path: Path) -> None:
    model = made(ScalarModel(small(qk_norm=qk_norm), bias=-1.25))
    save_checkpoint(tmp_path, model, None, extra={"pad_token_id": 1})
    raw = json.loads((tmp_path / "config.json").read_text())
    assert raw["architectures"] == ["Qwen3ForSequenceClassification" if qk_norm else "LlamaForSequenceClassification"]
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path, dtype=torch.float32)
    assert theirs.config.num_labels == 1
    ids_BT, positions_BT = ids_and_positions()
    ids_BT = ids_BT.masked_fill(ids_BT == 1, 2)
    with torch.no_grad():
        here = model(ids_BT, positions_BT)[:, -1]
        there = theirs.eval()(ids_BT).logits[:, 0] + raw["trivium_score_bias"]
    torch.testing.assert_close(here, there, atol=1e-4, rtol=0)
    again = load_checkpoint(tmp_path)
    assert isinstance(again, ScalarModel)
    with torch.no_grad():
        assert torch.equal(again(ids_BT, positions_BT)[:, -1], here)


def test_a_reward_model_made_by_transformers_scores_the_same_here(tmp_path: Path) -> None:
    config = transformers.LlamaConfig(**HF, num_labels=1, pad_token_id=0)
    theirs = theirs_made(config, transformers.AutoModelForSequenceClassification)
    theirs.save_pretrained(tmp_path)
    ids_BT, positions_BT = ids_and_positions()
    ids_BT = ids_BT.clamp(min=1)
    with torch.no_grad():
        here = load_checkpoint(tmp_path, head="scalar")(ids_BT, positions_BT)[:, -1]
        torch.testing.assert_close(here, theirs.eval()(ids_BT).logits[:, 0], atol=1e-4, rtol=0)


def test_a_language_checkpoint_starts_a_scalar_model_with_a_head_from_the_generator(tmp_path: Path) -> None:
    model = made(LanguageModel(small(tie_word_embeddings=False)))
    save_checkpoint(tmp_path, model, None)
    zero = load_checkpoint(tmp_path, head="scalar")
    drawn = [load_checkpoint(tmp_path, head="scalar", generator=torch.Generator().manual_seed(4)) for _ in range(2)]
    assert not zero.score.weight.any()
    assert torch.equal(drawn[0].score.weight, drawn[1].score.weight)
    assert drawn[0].score.weight.std().item() == pytest.approx(33**-0.5, rel=0.5)
    assert torch.equal(zero.model.norm.weight, model.model.norm.weight)


def test_a_scalar_checkpoint_is_refused_where_a_language_model_is_wanted(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, made(ScalarModel(small())), None)
    with pytest.raises(CheckpointError, match="wanted a language model, found a scalar"):
        load_checkpoint(tmp_path, head="language")


def test_loading_in_bfloat16_rounds_each_weight_and_saving_keeps_the_type(tmp_path: Path) -> None:
    model = made(LanguageModel(small()))
    save_checkpoint(tmp_path / "a", model, None)
    half = load_checkpoint(tmp_path / "a", head="language", dtype=torch.bfloat16)
    assert torch.equal(half.model.embed_tokens.weight, model.model.embed_tokens.weight.bfloat16())
    save_checkpoint(tmp_path / "b", half, None)
    assert json.loads((tmp_path / "b" / "config.json").read_text())["dtype"] == "bfloat16"
    assert transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "b").dtype == torch.bfloat16


def test_loading_draws_nothing_from_the_global_generator(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, made(LanguageModel(small())), None)
    before = torch.get_rng_state()
    load_checkpoint(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "fields",
    [
        {"attention_out_bias": True},
        {"qk_norm": True, "attention_bias": True},
        {"qk_norm": True, "mlp_bias": True},
        {"attention_bias": True, "mlp_bias": True},
        {"hidden_size": 30, "mlp_bias": True},
    ],
)
def test_a_shape_that_no_architecture_holds_is_not_saved(fields: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no Hugging Face architecture holds"):
        save_checkpoint(tmp_path / "out", made(LanguageModel(small(**fields))), None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"model_type": "gpt2"}, "gpt2"),
        ({"model_type": None}, "None"),
        ({"architectures": ["LlamaForTokenClassification"]}, "LlamaForTokenClassification"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 4.0}}, "'yarn'"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "'linear'"),
        ({"rope_parameters": {"rope_type": "llama3", "factor": 4.0}}, "low_freq_factor"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor 0.5"),
        ({"hidden_act": "gelu"}, "'gelu'"),
        ({"quantization_config": {"bits": 4}}, "quantised"),
        ({"model_type": "mistral", "sliding_window": 16}, "sliding_window 16"),
        ({"model_type": "mistral", "max_position_embeddings": 8192}, "sliding_window 4096"),
        ({"model_type": "qwen2", "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}, "window 8"),
        ({"vocab_size": None}, "vocab_size"),
        ({"num_attention_heads": 3}, "multiple"),
        ({"hidden_size": "wide"}, "hidden_size"),
        ({"trivium_score_bias": "much"}, "trivium_score_bias"),
    ],
)
def test_a_config_that_this_decoder_cannot_honour_is_refused_by_name(
    change: dict[str, Any], found: str, tmp_path: Path
) -> None:
    save_checkpoint(tmp_path, made(ScalarModel(small())), None)
    raw = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(raw | change))
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(tmp_path)
    assert found in str(caught.value)
    assert "config.json" in caught.value.where
    assert caught.value.do


def test_missing_unexpected_and_misshapen_tensors_are_named(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, made(LanguageModel(small())), None)
    path = tmp_path / "model.safetensors"
    whole = load_file(path)
    save_file({name: tensor for name, tensor in whole.items() if name != "model.norm.weight"}, path)
    with pytest.raises(CheckpointError, match=r"1 missing tensors.*model\.norm\.weight"):
        load_checkpoint(tmp_path)
    save_file(whole | {"model.layers.0.extra": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"1 unexpected tensors.*model\.layers\.0\.extra"):
        load_checkpoint(tmp_path)
    save_file(whole | {"model.norm.weight": torch.zeros(31)}, path)
    with pytest.raises(CheckpointError, match=r"model\.norm\.weight: wanted shape \[32\], found \[31\]"):
        load_checkpoint(tmp_path)
    save_file(whole | {"lm_head.weight": torch.zeros(61, 32)}, path)
    with pytest.raises(CheckpointError, match=r"lm_head\.weight: wanted model\.embed_tokens\.weight"):
        load_checkpoint(tmp_path)
    save_file(whole | {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(6)}, path)
    load_checkpoint(tmp_path)


def test_truncated_missing_and_pickled_files_are_named(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, made(LanguageModel(small())), None)
    path = tmp_path / "model.safetensors"
    data = path.read_bytes()
    for kept in (len(data) // 2, 4, 0):
        path.write_bytes(data[:kept])
        with pytest.raises(CheckpointError, match=r"model\.safetensors is truncated or damaged"):
            load_checkpoint(tmp_path)
    path.unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors is missing"):
        load_checkpoint(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(CheckpointError, match="pickle"):
        load_checkpoint(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read"):
        load_checkpoint(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(CheckpointError, match="wanted an object"):
        read_config(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        read_config(tmp_path)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, made(LanguageModel(small())), None, shard_bytes=10_000)
    sorted(tmp_path.glob("model-*.safetensors"))[1].unlink()
    with pytest.raises(CheckpointError, match=r"model-00002-of-\d+\.safetensors is missing"):
        load_checkpoint(tmp_path)


def test_an_unwritable_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        save_checkpoint(tmp_path / "file" / "out", made(LanguageModel(small())), None)


class Words:
    def __init__(self, vocab_size: int, fingerprint: str) -> None:
        self.vocab_size, self.fingerprint = vocab_size, fingerprint


def test_a_tokenizer_that_does_not_match_the_checkpoint_is_refused(tmp_path: Path) -> None:
    model = made(LanguageModel(small()))
    save_checkpoint(tmp_path, model, None, extra={"trivium_tokenizer": "abc"})
    check_tokenizer(tmp_path, Words(61, "abc"))
    with pytest.raises(CheckpointError, match="wanted abc, found def"):
        check_tokenizer(tmp_path, Words(61, "def"))
    save_checkpoint(tmp_path, model, None)
    check_tokenizer(tmp_path, Words(60, "def"))
    with pytest.raises(CheckpointError, match="62 ids, 61 embeddings"):
        check_tokenizer(tmp_path, Words(62, "def"))


def test_the_tokenizers_files_and_special_ids_travel_with_the_checkpoint(tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.mkdir()
    added = [{"id": 3, "content": "<|bos|>"}, {"id": 7, "content": "<|end|>"}]
    (words / "tokenizer.json").write_text(json.dumps({"added_tokens": added}))
    named = {"bos_token": "<|bos|>", "eos_token": {"content": "<|end|>"}, "pad_token": None}
    (words / "tokenizer_config.json").write_text(json.dumps(named))
    (words / "chat_template.jinja").write_text("{{ messages }}")
    (words / "manifest.json").write_text("{}")
    assert special_ids(words) == {"bos_token_id": 3, "eos_token_id": 7}
    save_checkpoint(tmp_path / "out", made(LanguageModel(small())), words)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"} | {
        "tokenizer_config.json",
        "chat_template.jinja",
    }
    for name in ("config.json", "generation_config.json"):
        raw = json.loads((tmp_path / "out" / name).read_text())
        assert (raw["bos_token_id"], raw["eos_token_id"]) == (3, 7)
