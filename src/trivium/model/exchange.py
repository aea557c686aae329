"""A model in memory to a checkpoint folder in the Hugging Face layout, and such a folder to a model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol, overload

import torch
from torch import Tensor

from trivium.core.errors import CheckpointError, StorageError
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, ScalarModel
from trivium.model.huggingface import Head, from_huggingface, head_of, to_huggingface
from trivium.model.lora import merged_state
from trivium.model.weights import read_json, read_sharded, tensor_names, write_json, write_sharded

SCORE_BIAS, FINGERPRINT = "trivium_score_bias", "trivium_tokenizer"
_TOKENIZER_FILES = (
    "tokenizer*.json",
    "tokenizer.model",
    "trivium_tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
    "vocab.*",
    "merges.txt",
    "*.tiktoken",
)
_IGNORED = ("rotary_emb.inv_freq", "attention.masked_bias")  # buffers that older transformers wrote


class Vocabulary(Protocol):
    """What is asked of a tokenizer: its size and the hash of its vocabulary, specials and template."""

    @property
    def vocab_size(self) -> int:
        """Return the number of ids."""
        ...

    @property
    def fingerprint(self) -> str:
        """Return the hash that is the same for the same vocabulary, specials and template."""
        ...


def save_checkpoint(
    folder: Path,
    model: LanguageModel | ScalarModel,
    tokenizer_folder: Path | None,
    *,
    extra: Mapping[str, Any] | None = None,
    shard_bytes: int = 2_000_000_000,
) -> None:
    """Write config.json, the weights, generation_config.json and the tokenizer's files.

    LoRA updates are folded into the weights. Ids of bos, eos and pad come from the tokenizer's files; `extra` adds keys
    to config.json (`trivium_tokenizer` = the fingerprint that `check_tokenizer` compares) and may set these ids.
    A scalar model's calibration bias is written as `trivium_score_bias`: …ForSequenceClassification has none, so
    this model's score = transformers' score + trivium_score_bias. Differences of scores are the same in both.
    Raises CheckpointError when no architecture holds the shape, StorageError when the folder cannot be written.
    """
    head: Head = "language" if isinstance(model, LanguageModel) else "scalar"
    raw = to_huggingface(model.config, head)
    assert not raw.keys() & (extra or {}).keys(), "extra keys must not restate the shape"
    ids = special_ids(tokenizer_folder) if tokenizer_folder else {}
    raw |= ids | {"dtype": str(next(model.parameters()).dtype).removeprefix("torch.")}
    if isinstance(model, ScalarModel):
        raw[SCORE_BIAS] = model.bias
    raw |= extra or {}
    state = merged_state(model)
    if head == "language" and model.config.tie_word_embeddings:
        del state["lm_head.weight"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in _tokenizer_files(tokenizer_folder):
            shutil.copyfile(path, folder / path.name)
    except OSError as error:
        do = "free space or choose another folder"
        raise StorageError(f"cannot write the checkpoint: {error}", where=str(folder), do=do) from error
    write_sharded(folder, state, shard_bytes)
    if head == "language":
        write_json(folder / "generation_config.json", {key: raw[key] for key in _SPECIAL.values() if key in raw})
    write_json(folder / "config.json", raw)


def read_config(folder: Path) -> ModelConfig:
    """Return the shape that the folder's config.json states."""
    return from_huggingface(read_json(folder / "config.json"), str(folder / "config.json"))


@overload
def load_checkpoint(
    folder: Path, *, head: Literal["language"], dtype: torch.dtype = ..., generator: torch.Generator | None = ...
) -> LanguageModel: ...
@overload
def load_checkpoint(
    folder: Path, *, head: Literal["scalar"], dtype: torch.dtype = ..., generator: torch.Generator | None = ...
) -> ScalarModel: ...
@overload
def load_checkpoint(
    folder: Path, *, head: None = ..., dtype: torch.dtype = ..., generator: torch.Generator | None = ...
) -> LanguageModel | ScalarModel: ...


def load_checkpoint(
    folder: Path,
    *,
    head: Head | None = None,
    dtype: torch.dtype = torch.float32,
    generator: torch.Generator | None = None,
) -> LanguageModel | ScalarModel:
    """Return the model in a checkpoint folder, on the CPU; None takes the head that the folder carries.

    `head="scalar"` on a language checkpoint starts a reward model: the language head is left out, and `score.weight` is
    normal with std 1/sqrt(D + 1) from `generator` (as `initialise` draws it), or 0 without one.
    Nothing is drawn from torch's global generator. Raises CheckpointError naming file and tensor, wanted and found.
    """
    where = str(folder / "config.json")
    raw = read_json(folder / "config.json")
    config, carried = from_huggingface(raw, where), head_of(raw, where)
    head = head or carried
    if head == "language" and carried == "scalar":
        raise CheckpointError(
            f"wanted a language model, found a scalar (reward) model: {raw['architectures'][0]}",
            where=where,
            do="give the sft or policy checkpoint instead",
        )
    with torch.device("meta"):
        model = LanguageModel(config) if head == "language" else ScalarModel(config)
    state = _read_state(folder, model, carried, dtype)
    if isinstance(model, ScalarModel):
        model.bias = _score_bias(raw, where)
        if carried == "language":
            state["score.weight"] = torch.zeros(1, config.hidden_size, dtype=dtype)
            if generator is not None:
                state["score.weight"].normal_(0.0, (config.hidden_size + 1) ** -0.5, generator=generator)
    model.load_state_dict(state, strict=True, assign=True)
    if isinstance(model, LanguageModel) and config.tie_word_embeddings:
        model.lm_head.weight = model.model.embed_tokens.weight
    return model


def check_tokenizer(folder: Path, tokenizer: Vocabulary) -> None:
    """Raise CheckpointError when a tokenizer is not the one that a checkpoint's config.json was made with.

    With a `trivium_tokenizer` key the fingerprints must be equal. Without (a foreign checkpoint), the tokenizer may
    have fewer ids than the embedding has rows (many are padded), never more.
    """
    raw = read_json(folder / "config.json")
    wanted, rows = raw.get(FINGERPRINT), int(raw.get("vocab_size") or 0)
    if wanted is not None and wanted != tokenizer.fingerprint:
        raise CheckpointError(
            f"the tokenizer does not match the checkpoint: wanted {wanted}, found {tokenizer.fingerprint}",
            where=str(folder),
            do="use the tokenizer that lies in the checkpoint's folder",
        )
    if tokenizer.vocab_size > rows:
        raise CheckpointError(
            f"the tokenizer does not match the checkpoint: {tokenizer.vocab_size} ids, {rows} embeddings",
            where=str(folder),
            do="use the tokenizer that lies in the checkpoint's folder",
        )


_SPECIAL = {"bos_token": "bos_token_id", "eos_token": "eos_token_id", "pad_token": "pad_token_id"}


def special_ids(tokenizer_folder: Path) -> dict[str, int]:
    """Return bos_token_id, eos_token_id and pad_token_id as the tokenizer's files state them, absent ones left out."""
    config_path, vocabulary_path = tokenizer_folder / "tokenizer_config.json", tokenizer_folder / "tokenizer.json"
    if not (config_path.is_file() and vocabulary_path.is_file()):
        return {}
    named, added = read_json(config_path), read_json(vocabulary_path).get("added_tokens", [])
    id_of = {token["content"]: token["id"] for token in added}
    found = {}
    for token_key, id_key in _SPECIAL.items():
        token = named.get(token_key)
        content = token.get("content") if isinstance(token, dict) else token
        if content in id_of:
            found[id_key] = id_of[content]
    return found


def _tokenizer_files(folder: Path | None) -> list[Path]:
    """Return the files of a tokenizer or checkpoint folder that belong to the tokenizer, sorted."""
    if folder is None:
        return []
    return sorted({path for pattern in _TOKENIZER_FILES for path in folder.glob(pattern) if path.is_file()})


def _read_state(
    folder: Path, model: LanguageModel | ScalarModel, carried: Head, dtype: torch.dtype
) -> dict[str, Tensor]:
    """Return the model's tensors (no `score.weight` when the folder carries a language head), tied head filled in."""
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    tied = model.config.tie_word_embeddings
    present = tensor_names(folder)
    if carried == "language":
        shapes.pop("score.weight", None)
        shapes["lm_head.weight"] = (model.config.vocab_size, model.config.hidden_size)
        if tied and "lm_head.weight" not in present:
            del shapes["lm_head.weight"]
    state = read_sharded(folder, shapes, dtype, ignored=_IGNORED)
    embeddings = state["model.embed_tokens.weight"]
    if tied and "lm_head.weight" in state and not torch.equal(state["lm_head.weight"], embeddings):
        raise CheckpointError(
            "tensor lm_head.weight: wanted model.embed_tokens.weight (tie_word_embeddings is true), found another",
            where=str(folder),
            do="set tie_word_embeddings to false in config.json",
        )
    if isinstance(model, ScalarModel):
        state.pop("lm_head.weight", None)
    else:
        state.setdefault("lm_head.weight", embeddings)
    return state


def _score_bias(raw: Mapping[str, Any], where: str) -> float:
    """Return the calibration bias of a config.json; 0 where it has none."""
    bias = raw.get(SCORE_BIAS, 0.0)
    if isinstance(bias, bool) or not isinstance(bias, int | float):
        raise CheckpointError(f"{SCORE_BIAS}: wanted a number, found {json.dumps(bias)}", where=where, do="correct it")
    return float(bias)
