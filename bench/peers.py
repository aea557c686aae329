"""TRL's SFT and reward trainers, and transformers' generate, to seconds: what the peers need for the same work."""

from __future__ import annotations

import logging
import os
import time
import warnings
from dataclasses import dataclass
from typing import Any

# Before the imports below: nothing phones home, and no bar is drawn into the table.
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
os.environ |= {"TRL_EXPERIMENTAL_SILENCE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}

import datasets
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, TrainerCallback
from trl import RewardConfig, RewardTrainer, SFTConfig, SFTTrainer

from bench.inputs import BATCH, MAX_TOKENS, Inputs, Pair
from bench.settings import LEARNING_RATE, OPTIMIZER, Draw

warnings.filterwarnings("ignore", message="`gradient_checkpointing` is deprecated", category=FutureWarning)  # TRL's own
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
datasets.utils.logging.disable_progress_bar()
logging.getLogger("accelerate").setLevel(logging.ERROR)


class Stopwatch(TrainerCallback):
    """Seconds from when the trainer is set up to when its last step is done, and the loss of each step."""

    def __init__(self) -> None:
        """Nothing measured yet."""
        self.seconds = 0.0
        self.losses: list[float] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Start."""
        self.begun = time.perf_counter()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **more: Any) -> None:
        """Keep a step's loss."""
        if "loss" in logs:
            self.losses.append(float(logs["loss"]))

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Stop."""
        self.seconds = time.perf_counter() - self.begun


@dataclass
class Trl:
    """One of TRL's trainers on a model of its own; `kind` is sft-text, sft-replies or reward."""

    kind: str
    inputs: Inputs

    def __post_init__(self) -> None:
        """Open the shared weights and tokenizer."""
        self.tokenizer = AutoTokenizer.from_pretrained(self.inputs.language_folder)
        if self.kind == "reward":
            opened = AutoModelForSequenceClassification.from_pretrained(self.inputs.reward_folder, num_labels=1)
        else:
            opened = AutoModelForCausalLM.from_pretrained(self.inputs.language_folder)
        self.model = opened

    def trainer(self, pairs: list[Pair], stopwatch: Stopwatch) -> Any:
        """Return TRL's trainer for these examples, in their order."""
        asked = {
            # gradient_checkpointing is off to TRL's favour: on by default, it computes every activation twice
            "output_dir": str(self.inputs.folder), "per_device_train_batch_size": BATCH, "max_length": MAX_TOKENS,
            "max_steps": len(pairs) // BATCH, "learning_rate": LEARNING_RATE, "lr_scheduler_type": "constant",
            "adam_beta1": OPTIMIZER.beta1, "adam_beta2": OPTIMIZER.beta2, "adam_epsilon": OPTIMIZER.epsilon,
            "weight_decay": OPTIMIZER.weight_decay, "max_grad_norm": OPTIMIZER.clip_norm, "optim": "adamw_torch_fused",
            "bf16": False, "gradient_checkpointing": False, "use_cpu": True, "report_to": "none", "save_strategy": "no",
            "logging_steps": 1, "disable_tqdm": True, "train_sampling_strategy": "sequential",
            "dataloader_pin_memory": False,
        }  # fmt: skip
        if self.kind == "reward":
            rows = [{"chosen_ids": p.prompt + p.chosen, "rejected_ids": p.prompt + p.rejected} for p in pairs]
            config, make = RewardConfig(**asked), RewardTrainer
        else:
            rows = [{"input_ids": p.prompt + p.chosen} for p in pairs]
            if self.kind == "sft-replies":
                for row, p in zip(rows, pairs, strict=True):
                    row["completion_mask"] = [0] * len(p.prompt) + [1] * len(p.chosen)
            config, make = SFTConfig(**asked, completion_only_loss=self.kind == "sft-replies"), SFTTrainer
        return make(
            self.model, config, train_dataset=datasets.Dataset.from_list(rows),
            processing_class=self.tokenizer, callbacks=[stopwatch],
        )  # fmt: skip

    def train(self, pairs: list[Pair]) -> tuple[float, list[float]]:
        """Train on the pairs once; return the seconds it took and each step's loss."""
        stopwatch = Stopwatch()
        trainer = self.trainer(pairs, stopwatch)
        trainer.remove_callback(transformers.trainer_callback.PrinterCallback)
        trainer.train()
        return stopwatch.seconds, stopwatch.losses


class Generate:
    """transformers' `generate` with its cache, left-padded batches."""

    def __init__(self, inputs: Inputs) -> None:
        """Open the shared weights."""
        self.model = AutoModelForCausalLM.from_pretrained(inputs.language_folder).eval()
        self.model.generation_config.eos_token_id = None
        self.pad_id = inputs.tokenizer.pad_id

    @torch.inference_mode()
    def __call__(
        self, prompts: list[list[int]], draw: Draw, stop_ids: tuple[int, ...]
    ) -> tuple[float, list[list[int]]]:
        """Continue each prompt; return the seconds and the new ids, a stop included and what follows it cut off."""
        drawn: dict[str, Any] = {"do_sample": False}
        if stop_ids:
            drawn = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "eos_token_id": list(stop_ids)}
        begun = time.perf_counter()
        width = max(map(len, prompts))
        ids = torch.tensor([[self.pad_id] * (width - len(p)) + p for p in prompts])
        attention = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
        out = self.model.generate(
            input_ids=ids,
            attention_mask=attention,
            max_new_tokens=draw.max_new_tokens,
            pad_token_id=self.pad_id,
            **drawn,
        )
        return time.perf_counter() - begun, [_until_stop(row, set(stop_ids)) for row in out[:, width:].tolist()]


def _until_stop(ids: list[int], stop_ids: set[int]) -> list[int]:
    """Return the ids up to and with the first stop."""
    stops = (index + 1 for index, token in enumerate(ids) if token in stop_ids)
    return ids[: next(stops, len(ids))]
