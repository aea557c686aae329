"""A config.json of Hugging Face's Llama, Mistral, Qwen2 or Qwen3 to a ModelConfig, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

from trivium.core.errors import CheckpointError
from trivium.model.config import ModelConfig

Head = Literal["language", "scalar"]

_SUFFIX: dict[Head, str] = {"language": "ForCausalLM", "scalar": "ForSequenceClassification"}
_FAMILIES = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3"}
_COPIED = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "max_position_embeddings",
)


def to_huggingface(config: ModelConfig, head: Head) -> dict[str, Any]:
    """Return the config.json of the family that holds this shape; the reader needs no key beyond these.

    Raises CheckpointError when no family holds it (say, query/key norms with a bias in the feed-forward).
    """
    family = family_of(config)
    raw = config.model_dump(exclude={"rope_theta", "rope_scaling", "qk_norm", "attention_out_bias"})
    # Readers older than transformers 5 know only rope_theta and rope_scaling, and would take 10,000 in silence.
    raw["rope_theta"] = config.rope_theta
    raw["rope_parameters"] = {"rope_type": "default", "rope_theta": config.rope_theta}
    if config.rope_scaling is not None:
        raw["rope_scaling"] = {"rope_type": "llama3"} | config.rope_scaling.model_dump()
        raw["rope_parameters"] |= raw["rope_scaling"]
    if family in ("mistral", "qwen2"):
        del raw["attention_bias"]
    if family != "llama":
        del raw["mlp_bias"]
        raw["sliding_window"] = None
    raw |= {"model_type": family, "architectures": [_FAMILIES[family] + _SUFFIX[head]], "hidden_act": "silu"}
    if head == "scalar":
        raw |= {"id2label": {"0": "SCORE"}, "label2id": {"SCORE": 0}, "num_labels": 1}
    return raw


def family_of(config: ModelConfig) -> str:
    """Return the model_type that holds this shape: llama where it can, mistral, qwen2 or qwen3 where it must.

    >>> family_of(ModelConfig(vocab_size=8)), family_of(ModelConfig(vocab_size=8, qk_norm=True))
    ('llama', 'qwen3')
    """
    biases = (config.attention_bias, config.attention_out_bias)
    family = None
    if config.qk_norm:
        if biases[0] == biases[1] and not config.mlp_bias:
            family = "qwen3"
    elif biases[0] == biases[1]:
        # Llama's configuration insists that heads divide the hidden size; Mistral's is the same model without that.
        if config.hidden_size % config.num_attention_heads == 0:
            family = "llama"
        elif not (config.attention_bias or config.mlp_bias):
            family = "mistral"
    elif config.attention_bias and not config.mlp_bias:
        family = "qwen2"
    if family is None:
        raise CheckpointError(
            "no Hugging Face architecture holds this model: "
            f"qk_norm={config.qk_norm}, attention_bias={config.attention_bias}, "
            f"attention_out_bias={config.attention_out_bias}, mlp_bias={config.mlp_bias}, "
            f"hidden_size={config.hidden_size}, num_attention_heads={config.num_attention_heads}",
            do="set qk_norm with equal attention biases and no mlp_bias (Qwen3), attention_bias alone (Qwen2), "
            "or equal attention biases without qk_norm (Llama)",
        )
    return family


def head_of(raw: Mapping[str, Any], where: str) -> Head:
    """Return which head a config.json says the checkpoint carries."""
    for head, suffix in _SUFFIX.items():
        if any(str(name).endswith(suffix) for name in raw.get("architectures") or ()):
            return head
    raise CheckpointError(
        f"unknown architecture: {raw.get('architectures')!r}",
        where=where,
        do=f"wanted one of {', '.join(name + suffix for name in _FAMILIES.values() for suffix in _SUFFIX.values())}",
    )


def from_huggingface(raw: Mapping[str, Any], where: str) -> ModelConfig:
    """Return the shape that a config.json states; absent keys take their family's default, as in transformers 5.

    Raises CheckpointError, naming the key, for what this decoder does not compute (sliding windows shorter than the
    context, other rotary scalings, other activations, quantised weights).
    """
    family = raw.get("model_type")
    if family not in _FAMILIES:
        raise CheckpointError(
            f"unknown model_type: {family!r}", where=where, do=f"wanted one of {', '.join(_FAMILIES)}"
        )
    _refuse_what_differs(raw, family, where)
    missing = [key for key in _COPIED if raw.get(key) is None]
    if missing:
        raise CheckpointError(f"config.json lacks {', '.join(missing)}", where=where, do="copy the checkpoint again")
    fields: dict[str, Any] = {key: raw[key] for key in _COPIED}
    heads = fields["num_attention_heads"]
    fields["num_key_value_heads"] = raw.get("num_key_value_heads") or (
        8 if family == "mistral" and "num_key_value_heads" not in raw else heads
    )
    fields["head_dim"] = raw.get("head_dim") or (128 if family == "qwen3" else fields["hidden_size"] // heads)
    for key, default in (("rms_norm_eps", 1e-6), ("initializer_range", 0.02), ("tie_word_embeddings", False)):
        fields[key] = raw.get(key, default)
    fields["qk_norm"] = family == "qwen3"
    fields["attention_bias"] = family == "qwen2" or (family != "mistral" and bool(raw.get("attention_bias")))
    fields["attention_out_bias"] = family != "qwen2" and fields["attention_bias"]
    fields["mlp_bias"] = family == "llama" and bool(raw.get("mlp_bias"))
    fields |= _rope(raw, where)
    try:
        return ModelConfig(**fields)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise CheckpointError(
            f"config.json is not a model: {key}: {problem['msg']}", where=where, do="copy the checkpoint again"
        ) from error


def _refuse_what_differs(raw: Mapping[str, Any], family: str, where: str) -> None:
    """Raise for settings under which transformers computes something that this decoder does not."""
    if raw.get("hidden_act", "silu") not in ("silu", "swish"):
        raise CheckpointError(
            f"hidden_act {raw['hidden_act']!r} is not supported", where=where, do="wanted 'silu' (SwiGLU)"
        )
    if raw.get("quantization_config"):
        raise CheckpointError(
            "quantised weights are not supported", where=where, do="export the checkpoint in float32 or bfloat16"
        )
    windows = set(raw.get("layer_types") or ()) - {"full_attention"}
    if family == "mistral":
        window = raw.get("sliding_window", 4096)
    else:
        layers = raw.get("num_hidden_layers") or 0
        slides = family != "llama" and raw.get("use_sliding_window") and raw.get("max_window_layers", 28) < layers
        window = raw.get("sliding_window", 4096) if slides or windows else None
    if windows - {"sliding_attention"} or (window is not None and window < raw.get("max_position_embeddings", 0)):
        raise CheckpointError(
            f"sliding-window attention is not supported: sliding_window {window}, "
            f"max_position_embeddings {raw.get('max_position_embeddings')}",
            where=where,
            do=f"where contexts up to {window} tokens are enough, set max_position_embeddings to {window}",
        )


def _rope(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return rope_theta and rope_scaling from `rope_parameters` (transformers 5) or `rope_theta` + `rope_scaling`."""
    stated = raw.get("rope_scaling") or raw.get("rope_parameters") or {}
    if "full_attention" in stated:  # nested by layer type
        stated = stated["full_attention"]
    kind = stated.get("rope_type", stated.get("type", "default"))
    partial = stated.get("partial_rotary_factor", raw.get("partial_rotary_factor", 1.0))
    if kind not in ("default", "llama3") or partial not in (None, 1.0):
        found = f"rope type {kind!r}" if kind not in ("default", "llama3") else f"partial_rotary_factor {partial}"
        raise CheckpointError(
            f"{found} is not supported", where=where, do="wanted rope type 'default' or 'llama3' over the whole head"
        )
    theta = stated.get("rope_theta", raw.get("rope_theta", 10_000.0))
    if kind == "default":
        return {"rope_theta": theta}
    keys = ("factor", "low_freq_factor", "high_freq_factor")
    missing = [key for key in keys if key not in stated]
    if missing:
        raise CheckpointError(f"llama3 rope lacks {', '.join(missing)}", where=where, do="copy config.json again")
    original = stated.get("original_max_position_embeddings", raw["max_position_embeddings"])
    scaling = {key: stated[key] for key in keys} | {"original_max_position_embeddings": original}
    return {"rope_theta": theta, "rope_scaling": scaling}
