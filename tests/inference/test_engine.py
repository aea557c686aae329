"""The engine against transformers, against the full forward pass, and against itself in other company."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence

import pytest
import torch

from trivium.core.errors import ContextError, DivergenceError
from trivium.inference.engine import Engine, Generated
from trivium.inference.sampling import Sampling
from trivium.inference.score import reply_logprobs
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel

DICE = random.Random(5)
PROMPTS = [[DICE.randrange(61) for _ in range(DICE.choice([1, 2, 3, 5, 8, 13, 21, 30]))] for _ in range(23)]
SAMPLED = Sampling(max_new_tokens=15, seed=3, stop_ids=(1, 2, 3))
GREEDY = Sampling(max_new_tokens=15, temperature=0, stop_ids=(1, 2, 3, 4, 5, 6))


def ids_of(replies: Sequence[Sequence[Generated]]) -> list[list[tuple[int, ...]]]:
    return [[reply.ids for reply in samples] for samples in replies]


def peer_and_ours(family: str) -> tuple[object, LanguageModel]:
    """A random transformers model, and ours with its weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers

        shape = {
            "vocab_size": 61,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "max_position_embeddings": 64,
            "rms_norm_eps": 1e-6,
            "initializer_range": 0.3,
            "tie_word_embeddings": False,
        }
        torch.manual_seed(1)
        special = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
        config = getattr(transformers, f"{family}Config")(**shape, **special)
        peer = getattr(transformers, f"{family}ForCausalLM")(config).eval()
    ours = LanguageModel(ModelConfig.model_validate({**shape, "qk_norm": family == "Qwen3"}))
    ours.load_state_dict(peer.state_dict())
    return peer, ours


@pytest.mark.parametrize("family", ["Llama", "Qwen3"])
def test_greedy_output_is_that_of_transformers(family: str) -> None:
    peer, ours = peer_and_ours(family)
    replies = Engine(ours, max_batch=4).generate(PROMPTS, Sampling(max_new_tokens=20, temperature=0))
    for prompt, (reply,) in zip(PROMPTS, replies, strict=True):
        ids_BT = torch.tensor([prompt])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out = peer.generate(  # type: ignore[attr-defined]
                ids_BT, attention_mask=torch.ones_like(ids_BT), max_new_tokens=20, do_sample=False, use_cache=True
            )
        assert tuple(out[0, len(prompt) :].tolist()) == reply.ids


@pytest.mark.parametrize("sampling", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
def test_output_does_not_depend_on_batch_composition_order_or_size(
    any_model: LanguageModel, sampling: Sampling
) -> None:
    expected = ids_of(Engine(any_model, max_batch=64).generate(PROMPTS, sampling))
    assert len({len(ids) for (ids,) in expected}) > 3, "replies of many lengths, or the test shows nothing"
    for max_batch in (1, 3, 8):
        engine = Engine(any_model, max_batch=max_batch)
        assert ids_of(engine.generate(PROMPTS, sampling)) == expected
        assert ids_of(engine.generate(PROMPTS[::-1], sampling)) == expected[::-1]
        assert ids_of(engine.generate(PROMPTS[4:9], sampling)) == expected[4:9]


def test_n_samples_differ_and_do_not_depend_on_n_or_on_slots(model: LanguageModel) -> None:
    sampling = Sampling(max_new_tokens=12, seed=1, stop_ids=(1,))
    expected = ids_of(Engine(model, max_batch=64).generate(PROMPTS[:6], sampling, n=5))
    assert all(len(set(samples)) == 5 for samples in expected)
    assert ids_of(Engine(model, max_batch=4).generate(PROMPTS[:6], sampling, n=5)) == expected
    fewer = ids_of(Engine(model, max_batch=7).generate(PROMPTS[:6], sampling, n=2))
    assert fewer == [samples[:2] for samples in expected]


def test_seed_and_key_steer_the_draws(model: LanguageModel) -> None:
    engine, prompts = Engine(model), [[5, 6, 7], [5, 6, 7]]
    one, two = ids_of(engine.generate(prompts, SAMPLED))
    assert one != two, "the same prompt twice is two draws"
    assert ids_of(engine.generate(prompts, SAMPLED)) == [one, two]
    same, again = ids_of(engine.generate(prompts, SAMPLED, keys=["k", "k"]))
    assert same == again
    assert ids_of(engine.generate(prompts, SAMPLED.model_copy(update={"seed": 4}))) != [one, two]
    assert ids_of(engine.generate([[9], [5, 6, 7]], SAMPLED, keys=["other", "k"]))[1] == same


@pytest.mark.parametrize("temperature", [1.0, 0.6, 1.7])
def test_logprobs_are_those_of_the_full_forward_pass(any_model: LanguageModel, temperature: float) -> None:
    filtered = Sampling(max_new_tokens=18, temperature=temperature, top_k=20, top_p=0.9, seed=2, stop_ids=(1,))
    replies = Engine(any_model, max_batch=5).generate(PROMPTS, filtered, n=2)
    rows = [(prompt, reply) for prompt, samples in zip(PROMPTS, replies, strict=True) for reply in samples]
    scored = reply_logprobs(any_model, [(prompt, reply.ids) for prompt, reply in rows], temperature=temperature)
    for (_, reply), logprobs_n in zip(rows, scored, strict=True):
        assert reply.logprobs == pytest.approx(logprobs_n.tolist(), abs=1e-4)


def test_a_reply_ends_at_its_first_stop_token_or_at_the_limit(model: LanguageModel) -> None:
    for samples in Engine(model, max_batch=6).generate(PROMPTS, SAMPLED, n=3):
        for reply in samples:
            assert len(reply.ids) == len(reply.logprobs)
            assert not set(reply.ids[:-1]) & set(SAMPLED.stop_ids)
            assert reply.stopped == (reply.ids[-1] in SAMPLED.stop_ids)
            assert reply.stopped or len(reply.ids) == SAMPLED.max_new_tokens


def test_a_reply_is_cut_at_the_context_and_a_full_prompt_gets_none(model: LanguageModel) -> None:
    endless = Sampling(max_new_tokens=40, temperature=0)
    (cut,), (none,), (one,) = Engine(model, max_batch=2).generate([[4] * 50, [4] * 64, [4] * 63], endless)
    assert (len(cut.ids), cut.stopped) == (14, False)
    assert none == Generated((), (), False)
    assert len(one.ids) == 1
    (short,) = Engine(model, max_tokens=20).generate([[4] * 8], endless)[0]
    assert short.ids == cut_like(model, [4] * 8, 12)


def cut_like(model: LanguageModel, prompt: list[int], count: int) -> tuple[int, ...]:
    return Engine(model).generate([prompt], Sampling(max_new_tokens=count, temperature=0))[0][0].ids


@pytest.mark.parametrize(("prompt", "found"), [([], "0"), ([1] * 65, "65")])
def test_a_prompt_that_does_not_fit_is_refused_with_its_place(
    model: LanguageModel, prompt: list[int], found: str
) -> None:
    heard: list[int] = []
    with pytest.raises(ContextError) as caught:
        Engine(model).generate([[1], prompt], GREEDY, on_token=lambda _prompt, _sample, token: heard.append(token))
    assert not heard
    assert caught.value.where == "prompt 1"
    assert "64" in caught.value.message
    assert caught.value.message.endswith(f"found {found}")
    with pytest.raises(ContextError):
        next(Engine(model).stream(prompt, GREEDY))


def test_continuous_batching_keeps_every_slot_busy(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, used = Engine(model, max_batch=4), []
    step = type(engine._step).__call__
    monkeypatch.setattr(
        type(engine._step), "__call__", lambda self, ids, cache: (used.append(len(ids)), step(self, ids, cache))[1]
    )
    replies = engine.generate(PROMPTS, SAMPLED)
    tail = SAMPLED.max_new_tokens - 1
    assert set(used[:-tail]) == {4}, "while prompts wait, a finished sequence's slot is taken at once"
    assert used[-tail:] == sorted(used[-tail:], reverse=True), "when none waits, the batch shrinks"
    assert sum(used) == sum(len(reply.ids) - 1 for (reply,) in replies), "no step is spent on a finished sequence"


def test_n_samples_share_one_reading_of_the_prompt(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    forward: Callable[..., torch.Tensor] = LanguageModel.forward

    def counted(self: LanguageModel, ids_BT: torch.Tensor, *rest: object) -> torch.Tensor:
        read.append(ids_BT.numel())
        return forward(self, ids_BT, *rest)

    monkeypatch.setattr(LanguageModel, "forward", counted)
    Engine(model, max_batch=3).generate([[5] * 10, [6] * 10], SAMPLED, n=8)
    assert sum(read) == 20


def test_stream_and_listener_hear_what_generate_returns(model: LanguageModel) -> None:
    engine, heard = Engine(model, max_batch=3), {}
    replies = engine.generate(
        PROMPTS[:5], SAMPLED, n=2, on_token=lambda p, s, token: heard.setdefault((p, s), []).append(token)
    )
    for index, samples in enumerate(replies):
        for sample, reply in enumerate(samples):
            assert tuple(heard[index, sample]) == reply.ids
        assert tuple(engine.stream(PROMPTS[index], SAMPLED)) == samples[0].ids


def test_the_engine_follows_weights_that_change_and_leaves_the_mode_alone(
    make_model: Callable[..., LanguageModel],
) -> None:
    model, other = make_model(seed=1).train(), make_model(seed=2)
    engine = Engine(model)
    engine.generate(PROMPTS, GREEDY)
    model.load_state_dict(other.state_dict())
    assert ids_of(engine.generate(PROMPTS, GREEDY)) == ids_of(Engine(other).generate(PROMPTS, GREEDY))
    assert model.training
    assert all(parameter.requires_grad and not parameter.is_inference() for parameter in model.parameters())


def test_a_small_call_after_a_large_one_keeps_the_cache_and_the_answer(model: LanguageModel) -> None:
    engine = Engine(model, max_batch=8)
    engine.generate(PROMPTS, SAMPLED)
    held = engine.cache_bytes
    assert held > 0
    assert ids_of(engine.generate(PROMPTS[:2], SAMPLED)) == ids_of(Engine(model).generate(PROMPTS[:2], SAMPLED))
    assert engine.cache_bytes == held


def test_weights_that_are_not_numbers_stop_with_a_message_and_leave_no_trace(
    make_model: Callable[..., LanguageModel],
) -> None:
    model = make_model(seed=3)
    engine, good = Engine(model), ids_of(Engine(model).generate(PROMPTS, SAMPLED))
    healthy = model.model.norm.weight.detach().clone()
    with torch.no_grad():
        model.model.layers[0].self_attn.v_proj.weight.fill_(float("nan"))
    with pytest.raises(DivergenceError):
        engine.generate(PROMPTS, SAMPLED)
    model.load_state_dict(make_model(seed=3).state_dict())
    assert torch.equal(model.model.norm.weight, healthy)
    assert ids_of(engine.generate(PROMPTS, SAMPLED)) == good


def test_nothing_asked_is_nothing_answered(model: LanguageModel) -> None:
    assert Engine(model).generate([], GREEDY) == []
