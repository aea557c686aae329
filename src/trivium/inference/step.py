"""One token of each sequence to the logits of the next: the decoder's forward pass, rewritten for a single position.

The module's forward pays for generality in many small operations; at one token a sequence they cost more than the
matrix products. Here projections of the same input are one product, the norms' weights are folded into the product that
follows, residuals are added inside the product, and rotary angles come from a table.

Shapes: B sequences, D hidden size, H query heads, G key/value heads, R = H/G, N = H + 2G heads in one product,
K head width, F feed-forward width, P positions, S columns read, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects
from torch import Tensor, nn

from trivium.inference.cache import SlotCache
from trivium.model.decoder import Attention, FeedForward, LanguageModel, Layer, rotary_tables


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """A layer's weights as one step reads them, the norms before `qkv` and `gate_up` folded in."""

    qkv: Tensor  # [N · K, D]
    qkv_bias: Tensor | None
    head_scales: Tensor | None  # [H + G, K], the query and key norms' weights
    out: Tensor  # [H · K, D]
    out_bias: Tensor | None
    gate_up: Tensor  # [2F, D]
    gate_up_bias: Tensor | None
    down: Tensor  # [F, D]
    down_bias: Tensor | None


def _joined(norm: Tensor | None, *projections: nn.Linear) -> tuple[Tensor, Tensor | None]:
    """Stack projections of the same input; multiply their columns by the weight of the norm before them."""
    weight = torch.cat([projection.weight for projection in projections])
    if norm is not None:
        weight *= norm
    if projections[0].bias is None:
        return weight, None
    return weight, torch.cat([projection.bias for projection in projections])


def _layer_weights(layer: Layer) -> LayerWeights:
    attention, mlp = layer.self_attn, layer.mlp
    assert isinstance(attention, Attention)
    assert isinstance(mlp, FeedForward)
    qkv, qkv_bias = _joined(layer.input_layernorm.weight, attention.q_proj, attention.k_proj, attention.v_proj)
    gate_up, gate_up_bias = _joined(layer.post_attention_layernorm.weight, mlp.gate_proj, mlp.up_proj)
    scales = None
    if attention.qk_norm:
        scales = torch.cat(
            (
                attention.q_norm.weight.expand(attention.num_heads, -1),
                attention.k_norm.weight.expand(attention.num_groups, -1),
            )
        )
    return LayerWeights(
        qkv,
        qkv_bias,
        scales,
        attention.o_proj.weight.t(),
        attention.o_proj.bias,
        gate_up,
        gate_up_bias,
        mlp.down_proj.weight.t(),
        mlp.down_proj.bias,
    )


class DecodeStep:
    """The step of one model. Holds copies of the layers' weights: make it anew after the weights changed."""

    @torch.inference_mode()
    def __init__(self, model: LanguageModel, positions: int) -> None:
        """Prepare weights, and rotary tables for that many positions."""
        config = model.config
        self.config = config
        self.embeddings_VD = model.model.embed_tokens.weight
        self.layers = []
        for layer in model.model.layers:
            assert isinstance(layer, Layer)
            self.layers.append(_layer_weights(layer))
        self.final_norm_D = model.model.norm.weight
        self.head_VD = model.lm_head.weight
        index_1P = torch.arange(positions, device=self.embeddings_VD.device)[None]
        cos, sin = rotary_tables(index_1P, config.head_dim, config.rope_theta, self.embeddings_VD.dtype)
        half = config.head_dim // 2
        self.cos_PK = cos[0, 0]
        # rotate() adds (-right, left) · sin; with the sign in the table that is a roll by half a head.
        self.sin_PK = torch.cat((-sin[0, 0, :, :half], sin[0, 0, :, half:]), dim=-1)

    def __call__(self, ids_B: Tensor, cache: SlotCache) -> Tensor:
        """Return float32 logits [B, V] of what follows these tokens, which the cache takes in."""
        config = self.config
        rows, eps = ids_B.shape[0], config.rms_norm_eps
        heads, groups, width = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        positions_B = cache.lengths_N[:rows]
        bias_B11S = cache.open(rows)
        cos_B1K, sin_B1K = self.cos_PK[positions_B][:, None], self.sin_PK[positions_B][:, None]
        x_BD = F.embedding(ids_B, self.embeddings_VD)
        size = x_BD.shape[-1:]
        for index, w in enumerate(self.layers):
            qkv_BNK = F.linear(F.rms_norm(x_BD, size, None, eps), w.qkv, w.qkv_bias).view(rows, -1, width)
            qk = qkv_BNK[:, : heads + groups]
            if w.head_scales is not None:
                qk = F.rms_norm(qk, (width,), None, eps) * w.head_scales
            qk = torch.addcmul(qk * cos_B1K, qk.roll(width // 2, -1), sin_B1K)
            keys_BGSK, values_BGSK = cache.extend(index, qk[:, heads:, None], qkv_BNK[:, heads + groups :, None])
            q_BGRK = qk[:, :heads].view(rows, groups, heads // groups, width)
            mixed_BGRK = F.scaled_dot_product_attention(q_BGRK, keys_BGSK, values_BGSK, attn_mask=bias_B11S)
            x_BD = torch.addmm(x_BD, mixed_BGRK.reshape(rows, heads * width), w.out)
            if w.out_bias is not None:
                x_BD += w.out_bias
            gate, up = F.linear(F.rms_norm(x_BD, size, None, eps), w.gate_up, w.gate_up_bias).chunk(2, dim=-1)
            x_BD = torch.addmm(x_BD, F.silu(gate).mul_(up), w.down)
            if w.down_bias is not None:
                x_BD += w.down_bias
        cache.close()
        return F.linear(F.rms_norm(x_BD, size, self.final_norm_D, eps), self.head_VD).float()
