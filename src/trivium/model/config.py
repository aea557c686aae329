"""A model's shape: a strict subset of the Hugging Face Llama, Mistral, Qwen2 and Qwen3 configurations."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Llama3Rope(BaseModel):
    """Llama 3.1's stretching of rotary wavelengths (Grattafiori et al. 2024, section 3.4.3; Hugging Face's `llama3`).

    Wavelengths longer than original / low_freq_factor turn `factor` times slower, those shorter than
    original / high_freq_factor are kept, and those between are blended linearly.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    factor: float = Field(gt=0)
    low_freq_factor: float = Field(gt=0)
    high_freq_factor: float = Field(gt=0)
    original_max_position_embeddings: int = Field(gt=0)

    @model_validator(mode="after")
    def _factors_ordered(self) -> Llama3Rope:
        if self.high_freq_factor <= self.low_freq_factor:
            raise ValueError(
                f"high_freq_factor ({self.high_freq_factor}) must be above low_freq_factor ({self.low_freq_factor})"
            )
        return self


class ModelConfig(BaseModel):
    """The decoder's shape. Field names are Hugging Face's, so that a saved configuration maps one to one.

    `qk_norm` is Qwen3's normalisation of queries and keys; `attention_bias` is a bias on q, k and v (Qwen2);
    `attention_out_bias` one on the output projection (Llama with `attention_bias`). `rope_scaling` is None for plain
    rotary positions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vocab_size: int = Field(gt=0)
    hidden_size: int = Field(default=128, gt=0)
    intermediate_size: int = Field(default=384, gt=0)
    num_hidden_layers: int = Field(default=4, gt=0)
    num_attention_heads: int = Field(default=4, gt=0)
    num_key_value_heads: int = Field(default=4, gt=0)
    head_dim: int = Field(default=32, gt=0)
    max_position_embeddings: int = Field(default=256, gt=0)
    rope_theta: float = Field(default=10_000.0, gt=0)
    rope_scaling: Llama3Rope | None = None
    rms_norm_eps: float = Field(default=1e-6, gt=0)
    initializer_range: float = Field(default=0.02, gt=0)
    tie_word_embeddings: bool = True
    qk_norm: bool = False
    attention_bias: bool = False
    attention_out_bias: bool = False
    mlp_bias: bool = False

    @model_validator(mode="after")
    def _heads_fit(self) -> ModelConfig:
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError(
                f"num_attention_heads ({self.num_attention_heads}) must be a multiple of "
                f"num_key_value_heads ({self.num_key_value_heads})"
            )
        if self.head_dim % 2:
            raise ValueError(f"head_dim must be even for rotary positions, found {self.head_dim}")
        return self

    @property
    def num_parameters(self) -> int:
        """Trainable numbers of the language model, embeddings included once when tied."""
        attention = self.hidden_size * self.head_dim * (2 * self.num_attention_heads + 2 * self.num_key_value_heads)
        attention += self.attention_bias * self.head_dim * (self.num_attention_heads + 2 * self.num_key_value_heads)
        attention += self.attention_out_bias * self.hidden_size + self.qk_norm * 2 * self.head_dim
        mlp = 3 * self.hidden_size * self.intermediate_size
        mlp += self.mlp_bias * (2 * self.intermediate_size + self.hidden_size)
        layer = attention + mlp + 2 * self.hidden_size
        embeddings = self.vocab_size * self.hidden_size * (1 if self.tie_word_embeddings else 2)
        return self.num_hidden_layers * layer + embeddings + self.hidden_size

    @property
    def matmul_parameters(self) -> int:
        """Numbers in a matrix product for each token: not norms, biases or the embedding look-up."""
        attention = self.hidden_size * self.head_dim * (2 * self.num_attention_heads + 2 * self.num_key_value_heads)
        layer = attention + 3 * self.hidden_size * self.intermediate_size
        return self.num_hidden_layers * layer + self.vocab_size * self.hidden_size
