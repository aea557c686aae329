"""Items that wait for a model's replies to replies: one batch at a time, a few prompts a turn, so progress is seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivium.core.errors import ContextError, MissingExtraError, TriviumError
from trivium.human.desk import generation
from trivium.human.desk.batches import NewReply
from trivium.human.desk.generation import Wanted
from trivium.human.store.database import Database
from trivium.studio.settings import StudioSettings

if TYPE_CHECKING:
    from trivium.evaluation.speaker import Speaker

PROMPTS_A_TURN = 8


class Replies:
    """The generator. It keeps one model loaded, the one that was asked last."""

    def __init__(self, database: Database, settings: StudioSettings) -> None:
        """Load nothing yet."""
        self.database = database
        self.runs = settings.runs
        self._speaker: Speaker | None = None
        self._checkpoint = ""

    def step(self) -> bool:
        """Reply to a few prompts; say whether there was anything to do."""
        with self.database.read() as db:
            waiting = generation.batches_wanted(db)
            items = generation.wanted(db, waiting[0][0], PROMPTS_A_TURN) if waiting else []
        if not waiting or not items:
            return False
        batch_id, asked = waiting[0]
        try:
            made = self._reply(asked, items)
        except TriviumError as error:
            message, do = error.message, error.do
            self.database.run(lambda db: generation.fail(db, batch_id, message, do))
            return True
        self.database.run(lambda db: generation.store(db, batch_id, made))
        return True

    def _reply(self, asked: dict[str, Any], items: Sequence[Wanted]) -> dict[str, list[NewReply]]:
        from trivium.inference.sampling import Sampling

        speaker = self._model(str(asked["model_ref"]))
        made: dict[str, list[NewReply]] = {item.item_id: [] for item in items}
        for number in range(int(asked["num_replies"])):
            temperatures = asked["temperatures"]
            sampling = Sampling(
                max_new_tokens=int(asked["max_new_tokens"]),
                temperature=float(temperatures[number % len(temperatures)]),
                top_k=int(asked["top_k"]),
                top_p=float(asked["top_p"]),
                seed=int(asked["seed"]) + number,
            )
            for item in items:
                try:
                    [spoken] = speaker.ask([item.messages], sampling, [item.item_id])
                except ContextError:  # a prompt longer than the model reads: counted as failed, with fewer replies
                    continue
                facts = {
                    **sampling.model_dump(exclude={"stop_ids"}),
                    "checkpoint": self._checkpoint,
                    "stopped": spoken.stopped,
                    "num_tokens": len(spoken.ids),
                }
                made[item.item_id].append(NewReply(spoken.text.strip(), str(asked["model_ref"]), facts))
        return made

    def _model(self, reference: str) -> Speaker:
        try:
            from trivium.core.reference import model_folder
            from trivium.core.store import Store
            from trivium.evaluation.speaker import Speaker
        except ImportError as error:
            raise MissingExtraError("replies by a model need torch", do="pip install trivium") from error
        if self._speaker is None or self._speaker.name != reference:
            folder: Path = model_folder(reference, Store(self.runs))
            self._speaker = Speaker(reference, folder, "cpu", chat=True)
            self._checkpoint = folder.name
        return self._speaker
