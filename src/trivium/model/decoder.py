"""Token ids to hidden states: one Llama/Qwen3-compatible decoder that carries a language head or a scalar head.

Shapes: B batch rows, T positions, S keys (T plus what a cache holds), D hidden size, H query heads, G key/value heads,
K head width, F feed-forward width, V vocabulary. Parameter names are Hugging Face's, so checkpoints map one to one.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects
from torch import Tensor, nn

from trivium.model.attention import Spans, product_input, softmax_attention
from trivium.model.config import ModelConfig


class KeyValueCache(Protocol):
    """What holds keys and values between calls; the inference room implements it."""

    def extend(self, layer: int, keys_BGTK: Tensor, values_BGTK: Tensor) -> tuple[Tensor, Tensor]:
        """Store this call's keys and values of a layer; return all that its queries may see, [B, G, S, K] each."""
        ...


class RMSNorm(nn.Module):
    """x / sqrt(mean(x²) + eps) · weight over the last dimension (Zhang & Sennrich 2019, eq. 4), in float32."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension; the result has the input's type."""
        x32 = x.float()
        x32 = x32 * torch.rsqrt(x32.square().mean(-1, keepdim=True) + self.eps)
        return self.weight * x32.to(x.dtype)


def rotary_frequencies(config: ModelConfig, device: torch.device) -> Tensor:
    """Return radians a position, [K / 2], float32: theta^(-2i/K) (Su et al. 2021, eq. 15), stretched when asked for."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device=device) / config.head_dim
    frequencies = 1.0 / config.rope_theta**exponents
    scaling = config.rope_scaling
    if scaling is None:
        return frequencies
    turns = scaling.original_max_position_embeddings * frequencies / (2 * math.pi)
    keep = (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor)
    return torch.lerp(frequencies / scaling.factor, frequencies, keep.clamp(0.0, 1.0))


def rotary_tables(positions_BT: Tensor, config: ModelConfig, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return cosines and sines, [B, 1, T, K] each, for rotary positions in the half-split layout."""
    angles = positions_BT[..., None].float() * rotary_frequencies(config, positions_BT.device)
    angles_BTK = torch.cat((angles, angles), dim=-1)
    return angles_BTK.cos().to(dtype)[:, None], angles_BTK.sin().to(dtype)[:, None]


def rotate(x_BHTK: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair (x_i, x_{i + K/2}) by its position's angle."""
    left, right = x_BHTK.chunk(2, dim=-1)
    return x_BHTK * cos + torch.cat((-right, left), dim=-1) * sin


class Attention(nn.Module):
    """Grouped-query attention (Ainslie et al. 2023) with rotary positions and optional Qwen3 query/key norms."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.num_heads, self.num_groups, self.head_dim = (
            config.num_attention_heads,
            config.num_key_value_heads,
            config.head_dim,
        )
        inner, shared = self.num_heads * self.head_dim, self.num_groups * self.head_dim
        self.q_proj = nn.Linear(config.hidden_size, inner, bias=config.attention_bias)
        self.k_proj = nn.Linear(config.hidden_size, shared, bias=config.attention_bias)
        self.v_proj = nn.Linear(config.hidden_size, shared, bias=config.attention_bias)
        self.o_proj = nn.Linear(inner, config.hidden_size, bias=config.attention_out_bias)
        if config.qk_norm:
            self.q_norm = RMSNorm(self.head_dim, config.rms_norm_eps)
            self.k_norm = RMSNorm(self.head_dim, config.rms_norm_eps)
        self.qk_norm = config.qk_norm

    def forward(
        self, x_BTD: Tensor, cos: Tensor, sin: Tensor, allowed: Tensor | Spans | None, cache: KeyValueCache | None
    ) -> Tensor:
        """Return [B, T, D]. `allowed` [B, 1, T, S] is true where a query may look, or its spans; None is causal."""
        B, T, _ = x_BTD.shape
        x_BTD = product_input(x_BTD)
        q = self.q_proj(x_BTD).view(B, T, self.num_heads, self.head_dim)
        k = self.k_proj(x_BTD).view(B, T, self.num_groups, self.head_dim)
        v_BGTK = self.v_proj(x_BTD).view(B, T, self.num_groups, self.head_dim).transpose(1, 2)
        if self.qk_norm:
            q, k = self.q_norm(q), self.k_norm(k)
        q_BHTK = rotate(q.transpose(1, 2), cos, sin)
        k_BGTK = rotate(k.transpose(1, 2), cos, sin)
        if cache is not None:
            k_BGTK, v_BGTK = cache.extend(self.layer, k_BGTK, v_BGTK)
        if self.num_groups != self.num_heads:
            repeats = self.num_heads // self.num_groups
            k_BGTK = k_BGTK.repeat_interleave(repeats, dim=1)
            v_BGTK = v_BGTK.repeat_interleave(repeats, dim=1)
        if isinstance(allowed, Spans):
            mixed = allowed.attend(q_BHTK, k_BGTK, v_BGTK.to(q_BHTK.dtype))
        else:
            mixed = softmax_attention(q_BHTK, k_BGTK, v_BGTK, allowed, causal=allowed is None)
        out_BTD: Tensor = self.o_proj(mixed.transpose(1, 2).reshape(B, T, -1))
        return out_BTD


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020, eq. 6): down(silu(gate(x)) · up(x))."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=config.mlp_bias)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=config.mlp_bias)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=config.mlp_bias)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Return [B, T, D]."""
        x_BTD = product_input(x_BTD)
        out_BTD: Tensor = self.down_proj(F.silu(self.gate_proj(x_BTD)) * self.up_proj(x_BTD))
        return out_BTD


class Layer(nn.Module):
    """Pre-norm residual block: attention, then feed-forward."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.self_attn = Attention(config, layer)
        self.mlp = FeedForward(config)
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(
        self, x_BTD: Tensor, cos: Tensor, sin: Tensor, allowed: Tensor | Spans | None, cache: KeyValueCache | None
    ) -> Tensor:
        """Return [B, T, D]."""
        x_BTD = x_BTD + self.self_attn(self.input_layernorm(x_BTD), cos, sin, allowed, cache)
        x_BTD = x_BTD + self.mlp(self.post_attention_layernorm(x_BTD))
        return x_BTD


class Decoder(nn.Module):
    """The trunk: embeddings, layers, final norm."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config, index) for index in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(
        self,
        ids_BT: Tensor,
        positions_BT: Tensor,
        allowed: Tensor | Spans | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """Return hidden states [B, T, D].

        positions_BT: rotary position of each token, counted from its document's start. `allowed` [B, 1, T, S] boolean:
        which keys a query may see, or the spans of packed rows; None is plain causal over the row (these two only
        without a cache). Positions are not checked
        against `max_position_embeddings` here: callers refuse long prompts with a message.
        """
        x_BTD = self.embed_tokens(ids_BT)
        cos, sin = rotary_tables(positions_BT, self.config, x_BTD.dtype)
        for layer in self.layers:
            x_BTD = layer(x_BTD, cos, sin, allowed, cache)
        normed: Tensor = self.norm(x_BTD)
        return normed


class LanguageModel(nn.Module):
    """The trunk with a language head; the head shares the embedding's weight when tied."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight

    def forward(
        self,
        ids_BT: Tensor,
        positions_BT: Tensor,
        allowed: Tensor | Spans | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """Return hidden states [B, T, D]; `logits` turns those that are wanted into logits."""
        hidden_BTD: Tensor = self.model(ids_BT, positions_BT, allowed, cache)
        return hidden_BTD

    def logits(self, hidden: Tensor) -> Tensor:
        """Return float32 logits [..., V] of hidden states [..., D]."""
        return F.linear(hidden, self.lm_head.weight).float()


class ScalarModel(nn.Module):
    """The trunk with one number a position: a reward model reads it at the end of turn, a value network everywhere.

    `score` has no bias, as …ForSequenceClassification has none; a calibration shift is `bias`, kept beside it in the
    configuration file under `trivium_score_bias` and added here.
    """

    def __init__(self, config: ModelConfig, *, bias: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.model = Decoder(config)
        self.score = nn.Linear(config.hidden_size, 1, bias=False)
        self.bias = bias

    def forward(self, ids_BT: Tensor, positions_BT: Tensor, allowed: Tensor | Spans | None = None) -> Tensor:
        """Return scores [B, T] in float32, the calibration bias added."""
        hidden_BTD = self.model(ids_BT, positions_BT, allowed)
        # a sum of products, not a matrix product: it stays float32 under autocast too
        scores_BT: Tensor = (hidden_BTD.float() * self.score.weight.float()[0]).sum(-1) + self.bias
        return scores_BT


def initialise(model: LanguageModel | ScalarModel, generator: torch.Generator) -> None:
    """Draw weights: normal with `initializer_range`, residual outputs scaled by 1/sqrt(2 · layers) (GPT-2, sec. 2.3).

    A scalar head starts at normal with std 1/sqrt(D + 1) (Stiennon et al. 2020 code; reward head details of
    Huang et al. 2024, "N+ implementation details", detail on the head's initialisation). Biases are 0, norms 1.
    """
    config = model.config
    for name, parameter in sorted(model.named_parameters()):
        if parameter.ndim < 2:
            nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
            continue
        std = config.initializer_range
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            std /= (2 * config.num_hidden_layers) ** 0.5
        elif name == "score.weight":
            std = (config.hidden_size + 1) ** -0.5
        with torch.no_grad():
            parameter.normal_(0.0, std, generator=generator)
