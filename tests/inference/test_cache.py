"""The slot block: what is placed, moved and appended is what a later step reads."""

from __future__ import annotations

import torch

from trivium.inference.cache import Prefix, SlotCache
from trivium.model.config import ModelConfig

CONFIG = ModelConfig(vocab_size=8, num_hidden_layers=2, num_key_value_heads=2, num_attention_heads=2, head_dim=4)


def make_prefix(rows: int, length: int) -> Prefix:
    generator = torch.Generator().manual_seed(rows * length)
    prefix = Prefix()
    for layer in range(2):
        prefix.extend(layer, *(torch.randn(rows, 2, length, 4, generator=generator) for _ in range(2)))
    return prefix


def test_memory_is_what_the_formula_says() -> None:
    cache = SlotCache(CONFIG, 3, 40, torch.zeros(1))
    assert cache.bytes == 2 * 2 * 3 * 2 * 40 * 4 * 4
    assert SlotCache(CONFIG, 3, 40, torch.zeros(1, dtype=torch.bfloat16)).bytes == cache.bytes // 2


def test_a_step_reads_what_was_placed_and_appended_and_nothing_else() -> None:
    cache, prefix = SlotCache(CONFIG, 4, 40, torch.zeros(1)), make_prefix(2, 7)
    cache.place([2, 0, 1], prefix, [0, 1, 1], [7, 3, 5])
    bias_B11S = cache.open(3)
    new = torch.randn(3, 2, 1, 4)
    keys, values = cache.extend(1, new, -new)
    for slot, row, length in ((2, 0, 7), (0, 1, 3), (1, 1, 5)):
        seen = bias_B11S[slot, 0, 0] == 0
        assert seen.nonzero()[:, 0].tolist() == list(range(length + 1))
        assert torch.equal(keys[slot][:, seen], torch.cat((prefix.keys[1][row, :, :length], new[slot]), dim=1))
        assert torch.equal(values[slot][:, seen], torch.cat((prefix.values[1][row, :, :length], -new[slot]), dim=1))
    cache.close()
    assert cache.lengths[:3].tolist() == cache.lengths_N[:3].tolist() == [4, 6, 8]


def test_a_moved_slot_reads_as_it_did() -> None:
    cache, prefix = SlotCache(CONFIG, 3, 40, torch.zeros(1)), make_prefix(3, 6)
    cache.place([0, 1, 2], prefix, [0, 1, 2], [6, 4, 5])
    cache.move([2], [0])
    bias_B11S = cache.open(2)
    keys, _ = cache.extend(0, torch.ones(2, 2, 1, 4), torch.ones(2, 2, 1, 4))
    assert (bias_B11S[0, 0, 0] == 0).sum() == 6
    assert torch.equal(keys[0, :, :5], prefix.keys[0][2, :, :5])


def test_slots_of_one_length_are_read_without_padding() -> None:
    cache = SlotCache(CONFIG, 2, 40, torch.zeros(1))
    cache.place([0, 1], make_prefix(1, 5), [0, 0], [5, 5])
    assert cache.open(2).eq(0).all()
    keys, values = cache.extend(0, torch.ones(2, 2, 1, 4), torch.ones(2, 2, 1, 4))
    assert keys.shape == values.shape == (2, 2, 6, 4)


def test_a_slot_used_again_forgets_what_was_there() -> None:
    cache = SlotCache(CONFIG, 2, 40, torch.zeros(1))
    cache.place([0, 1], make_prefix(2, 20), [0, 1], [20, 9])
    cache.place([0], make_prefix(1, 3), [0], [3])
    bias_B11S = cache.open(2)
    assert (bias_B11S[0, 0, 0] == 0).sum() == 4
