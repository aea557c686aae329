"""A model made elsewhere, in the Hugging Face layout, to a checkpoint here: read, checked and written anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from trivium.core.config import Config, NotIdentity
from trivium.core.errors import CheckpointError
from trivium.core.kinds import Checkpoint, RewardModel
from trivium.core.stage import Gathers, StageContext, stage
from trivium.model.exchange import FINGERPRINT, check_tokenizer, load_checkpoint, save_checkpoint
from trivium.text.tokenizer import Tokenizer

READ = ("*.json", "*.safetensors", "*.jinja", "tokenizer.model", "merges.txt", "vocab.*", "*.tiktoken")


class ImportConfig(Config, Gathers):
    """Where the model lies and under which licence; its id hangs on its files."""

    folder: Annotated[Path, NotIdentity()]
    licence: str = "unstated"

    def gathered_files(self) -> Mapping[str, Path]:
        """Return every file of the model, by name."""
        if not (self.folder / "config.json").is_file():
            raise CheckpointError(
                "wanted a model in the Hugging Face layout, found no config.json",
                where=str(self.folder),
                do="give the folder that holds config.json, the weights and the tokenizer",
            )
        return {file.name: file for pattern in READ for file in sorted(self.folder.glob(pattern)) if file.is_file()}


@stage(version=1, gathered=True)
def imported(config: ImportConfig, context: StageContext) -> Checkpoint:
    """Take in a language model."""
    _rewrite(config, context)
    return context.made(Checkpoint)


@stage(version=1, gathered=True)
def imported_reward(config: ImportConfig, context: StageContext) -> RewardModel:
    """Take in a reward model (…ForSequenceClassification with one label)."""
    _rewrite(config, context)
    return context.made(RewardModel)


def _rewrite(config: ImportConfig, context: StageContext) -> None:
    words = Tokenizer.load(config.folder)
    check_tokenizer(config.folder, words)
    model = load_checkpoint(config.folder)
    save_checkpoint(context.out, model, config.folder, extra={FINGERPRINT: words.fingerprint})
    context.licences.add(config.licence)
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    context.measure("parameters", num_parameters, n=num_parameters)
