"""A seed to a tiny checkpoint with random weights and a trained tokenizer."""

from __future__ import annotations

from pathlib import Path

import torch

from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, ScalarModel, initialise
from trivium.model.exchange import FINGERPRINT, save_checkpoint
from trivium.text.tokenizer import Tokenizer
from trivium.text.train import TokenizerConfig

TEXTS = ["The capital of France is Paris.", "How do you ride a horse? Sit up, hold on, and go."] * 4


def tiny_checkpoint(folder: Path, *, scalar: bool = False, context: int = 48) -> Path:
    """Write a checkpoint of some thousand parameters and return its folder."""
    words = Tokenizer.train(TEXTS, TokenizerConfig(vocab_size=300))
    words.save(folder / "tokenizer")
    config = ModelConfig(
        vocab_size=words.vocab_size,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=context,
        initializer_range=0.5,
    )
    model = ScalarModel(config) if scalar else LanguageModel(config)
    initialise(model, torch.Generator().manual_seed(0))
    save_checkpoint(folder / "model", model, folder / "tokenizer", extra={FINGERPRINT: words.fingerprint})
    return folder / "model"
