"""One token of each sequence to the logits of the next: the decoder's forward pass, rewritten for a single position.

The module's forward pays for generality in many small operations; at one token a sequence they cost more than the
matrix products. Here projections of the same input are one product, the norms' weights are folded into the product that
follows, residuals are added inside the product, and rotary angles come from a table.

Shapes: B sequences, D hidden size, H query heads, G key/value heads, R = H/G, N heads in one product (H + 2G), K head
width, X = H · K, Y = B · G, F feed-forward width, P positions, S columns read, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects
from torch import Tensor, nn

from trivium.inference.cache import SlotCache
from trivium.model.decoder import Attention, FeedForward, LanguageModel, Layer, rotary_tables


@dataclass(frozen=True, slots=True)
class Product:
    """x · matrix + bias: one or more projections of the same input, side by side."""

    matrix: Tensor  # [inputs, outputs]
    bias: Tensor | None

    def of(self, x: Tensor) -> Tensor:
        """Return the product of x [B, inputs]."""
        return torch.mm(x, self.matrix) if self.bias is None else torch.addmm(self.bias, x, self.matrix)

    def onto(self, x: Tensor, sum_BN: Tensor) -> Tensor:
        """Return the product of x [B, inputs] added to a sum [B, outputs]."""
        added_BN = torch.addmm(sum_BN, x, self.matrix)
        return added_BN if self.bias is None else added_BN.add_(self.bias)


@dataclass(frozen=True, slots=True)
class LayerProducts:
    """A layer as one step reads it, the norms before `qkv` and `gate_up` folded in."""

    qkv: Product
    head_scales: Tensor | None  # [H + G, K], what is left of the query and key norms
    out: Product
    gate_up: Product
    down: Product


def _affine(projection: nn.Module, inputs: int) -> tuple[Tensor, Tensor | None]:
    """Return matrix [inputs, outputs] and bias of a projection, also of one that is more than a plain nn.Linear.

    What such a one (low-rank adapters, say) does to the rows of the identity is its matrix.
    """
    if isinstance(projection, nn.Linear) and type(projection).forward is nn.Linear.forward:
        return projection.weight.t(), projection.bias
    like = next(projection.parameters())
    bias_N = projection(like.new_zeros(1, inputs))[0]
    return projection(torch.eye(inputs, dtype=like.dtype, device=like.device)) - bias_N, bias_N


def _joined(old: Product | None, inputs: int, norm: Tensor | None, *projections: nn.Module) -> Product:
    """Copy projections side by side into the old product's memory; fold in the norm before them (see `_normed`)."""
    matrices, biases = zip(*(_affine(projection, inputs) for projection in projections), strict=True)
    outputs = sum(matrix.shape[1] for matrix in matrices)
    like = matrices[0]
    if old is not None and old.matrix.dtype == like.dtype and old.matrix.device == like.device:
        joined = old.matrix
    elif like.device.type == "cpu":
        joined = like.new_empty(inputs, outputs)  # a product with few rows streams this layout a third faster
    else:
        joined = like.new_empty(outputs, inputs).t()
    start = 0
    for matrix in matrices:
        joined[:, start : start + matrix.shape[1]] = matrix
        start += matrix.shape[1]
    if norm is not None:
        joined *= (norm * inputs**0.5)[:, None]
    if all(bias is None for bias in biases):
        return Product(joined, None)
    parts = [like.new_zeros(m.shape[1]) if bias is None else bias for m, bias in zip(matrices, biases, strict=True)]
    return Product(joined, torch.cat(parts))


def _attend(q_BHK: Tensor, keys_BGSK: Tensor, values_BGSK: Tensor, bias_YRS: Tensor) -> Tensor:
    """Return one query's attention in each sequence, [B, H · K]: softmax(q · keys / sqrt(K) + bias) · values.

    Two batched products. The fused kernel takes half as long again here: it works in blocks of many queries.
    """
    rows, heads, width = q_BHK.shape
    q_YRK = q_BHK.reshape(bias_YRS.shape[0], bias_YRS.shape[1], width)
    scores_YRS = torch.baddbmm(bias_YRS, q_YRK, keys_BGSK.flatten(0, 1).transpose(1, 2), alpha=width**-0.5)
    shares_YRS = scores_YRS.softmax(dim=-1, dtype=torch.float32).to(q_BHK.dtype)
    mixed_YKR = torch.bmm(values_BGSK.flatten(0, 1).transpose(1, 2), shares_YRS.transpose(1, 2))
    return mixed_YKR.transpose(1, 2).reshape(rows, heads * width)


class DecodeStep:
    """The step of one model, on joined copies of its weights: `refresh` after the weights changed."""

    def __init__(self, model: LanguageModel, positions: int) -> None:
        """Serve sequences of up to that many positions. Nothing is read from the model before `refresh`."""
        self.model, self.config, self.positions = model, model.config, positions
        self.layers: list[LayerProducts | None] = [None] * self.config.num_hidden_layers
        self.head: Product | None = None
        self._floors: dict[int, Tensor] = {}

    @torch.inference_mode()
    def refresh(self) -> None:
        """Read the model's weights as they are now, into the memory of the last time."""
        config, model = self.config, self.model
        for index, layer in enumerate(model.model.layers):
            assert isinstance(layer, Layer)
            self.layers[index] = self._layer(layer, self.layers[index])
        self.head = _joined(self.head, config.hidden_size, model.model.norm.weight, model.lm_head)
        self._embeddings_VD = model.model.embed_tokens.weight
        like = self._embeddings_VD
        positions_1P = torch.arange(self.positions, device=like.device)[None]
        cos, sin = rotary_tables(positions_1P, config, like.dtype)
        half = config.head_dim // 2
        self._cos_PK = cos[0, 0]
        # rotate() adds (-right, left) · sin; with the sign in the table that is a roll by half a head.
        self._sin_PK = torch.cat((-sin[0, 0, :, :half], sin[0, 0, :, half:]), dim=-1)
        self._floors = {
            size: torch.tensor((size * config.rms_norm_eps) ** 0.5, device=like.device)
            for size in (config.hidden_size, config.head_dim)
        }

    def _layer(self, layer: Layer, old: LayerProducts | None) -> LayerProducts:
        attention, mlp = layer.self_attn, layer.mlp
        assert isinstance(attention, Attention)
        assert isinstance(mlp, FeedForward)
        config = self.config
        size, wide, inner = config.hidden_size, config.intermediate_size, attention.num_heads * attention.head_dim
        before, between = layer.input_layernorm.weight, layer.post_attention_layernorm.weight
        scales = None
        if attention.qk_norm:
            query_scales = attention.q_norm.weight.expand(attention.num_heads, -1)
            key_scales = attention.k_norm.weight.expand(attention.num_groups, -1)
            scales = torch.cat((query_scales, key_scales)) * attention.head_dim**0.5
        return LayerProducts(
            _joined(old.qkv if old else None, size, before, attention.q_proj, attention.k_proj, attention.v_proj),
            scales,
            _joined(old.out if old else None, inner, None, attention.o_proj),
            _joined(old.gate_up if old else None, size, between, mlp.gate_proj, mlp.up_proj),
            _joined(old.down if old else None, wide, None, mlp.down_proj),
        )

    def _normed(self, x: Tensor) -> Tensor:
        """Return x / sqrt(sum x² + size · eps): RMSNorm without sqrt(size) · weight, which the next product holds.

        Three small operations instead of the six of RMSNorm: at one token they are the cost, not the arithmetic.
        """
        norms = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
        normed: Tensor = (x / norms.hypot_(self._floors[x.shape[-1]])).to(x.dtype)
        return normed

    def __call__(self, ids_B: Tensor, cache: SlotCache) -> Tensor:
        """Return float32 logits [B, V] of what follows these tokens, which the cache takes in."""
        config = self.config
        rows, heads, groups, width = (
            ids_B.shape[0],
            config.num_attention_heads,
            config.num_key_value_heads,
            config.head_dim,
        )
        positions_B = cache.lengths_N[:rows]
        bias_YRS = cache.open(rows).expand(-1, groups, heads // groups, -1).flatten(0, 1)
        cos_B1K, sin_B1K = self._cos_PK[positions_B][:, None], self._sin_PK[positions_B][:, None]
        x_BD = F.embedding(ids_B, self._embeddings_VD)
        for index, layer in enumerate(self.layers):
            assert layer is not None
            qkv_BNK = layer.qkv.of(self._normed(x_BD)).view(rows, -1, width)
            qk = qkv_BNK[:, : heads + groups]
            if layer.head_scales is not None:
                qk = self._normed(qk) * layer.head_scales
            qk = torch.addcmul(qk * cos_B1K, qk.roll(width // 2, -1), sin_B1K)
            keys_BGSK, values_BGSK = cache.extend(index, qk[:, heads:, None], qkv_BNK[:, heads + groups :, None])
            mixed_BX = _attend(qk[:, :heads], keys_BGSK, values_BGSK, bias_YRS)
            x_BD = layer.out.onto(mixed_BX, x_BD)
            gate, up = layer.gate_up.of(self._normed(x_BD)).chunk(2, dim=-1)
            x_BD = layer.down.onto(F.silu(gate).mul_(up), x_BD)
        cache.close()
        assert self.head is not None, "refresh comes first"
        return self.head.of(self._normed(x_BD)).float()
