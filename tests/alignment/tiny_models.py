"""A seed to the four small models of PPO, with prompts and settings to go with them."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from trivium.alignment.rollout import Models, RolloutPrompt, RolloutSettings
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, ScalarModel, initialise

VOCAB = 24
END = 3
SHAPE = ModelConfig(vocab_size=VOCAB, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                    num_key_value_heads=1, head_dim=8, max_position_embeddings=32, initializer_range=0.3)  # fmt: skip
PROMPTS = [RolloutPrompt(f"p{i}", (1, 5 + i % 7, 6 + i % 5, *range(4, 4 + i % 4))) for i in range(16)]
SETTINGS = RolloutSettings(temperature=0.9, gamma=1.0, lam=0.95, missing_end_score=-2.0, row_tokens=32)


def language(seed: int = 1) -> LanguageModel:
    made = LanguageModel(SHAPE)
    initialise(made, torch.Generator().manual_seed(seed))
    return made


def scalar(seed: int = 2) -> ScalarModel:
    made = ScalarModel(SHAPE)
    initialise(made, torch.Generator().manual_seed(seed))
    return made


def models(reward: ScalarModel | None = None) -> Models:
    """The policy equals its reference; the value network equals the reward model."""
    scorer = reward or scalar()
    value = copy.deepcopy(scorer)
    return Models(language(), language().requires_grad_(False), value, scorer.requires_grad_(False))


def settings(**changes: object) -> RolloutSettings:
    return replace(SETTINGS, **changes)
