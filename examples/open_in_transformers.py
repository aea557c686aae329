"""A model made here to the same model in transformers: nothing is converted, and greedy decoding writes the same words.

    trivium export quickstart/policy --out model
    python examples/open_in_transformers.py model "What is the capital of France?"
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from trivium import use
from trivium.inference.sampling import Sampling


def main(folder: Path, question: str, max_new_tokens: int = 24) -> tuple[str, str]:
    """Ask both for the likeliest reply; return (ours, theirs)."""
    [row] = use.generate(folder, [question], Sampling(max_new_tokens=max_new_tokens, temperature=0), chat=True)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    turns = [{"role": "user", "content": question}]
    given = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = model.generate(
        **given,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        eos_token_id=[tokenizer.eos_token_id, tokenizer.bos_token_id],
        pad_token_id=tokenizer.pad_token_id,
    )
    theirs = tokenizer.decode(out[0, given["input_ids"].shape[1] :], skip_special_tokens=True)
    print(f"trivium:      {row['text']}\ntransformers: {theirs}")
    return str(row["text"]), theirs


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
