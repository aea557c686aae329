"""Items that wait for a model's replies to replies: one batch at a time, a few prompts a turn, so progress is seen."""

from __future__ import annotations

import time
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
    from trivium.inference.sampling import Sampling

PROMPTS_A_TURN, SECONDS_A_TURN = 8, 1.0  # what is made is kept and shown after either


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
        temperatures = asked["temperatures"]
        draws = [
            Sampling(
                max_new_tokens=int(asked["max_new_tokens"]),
                temperature=float(temperatures[number % len(temperatures)]),
                top_k=int(asked["top_k"]),
                top_p=float(asked["top_p"]),
                seed=int(asked["seed"]) + number,
            )
            for number in range(int(asked["num_replies"]))
        ]
        made: dict[str, list[NewReply]] = {}
        begun = time.monotonic()
        for item in items:
            made[item.item_id] = self._replies_to(item, speaker, draws)
            if time.monotonic() - begun > SECONDS_A_TURN:
                break
        return made

    def _replies_to(self, item: Wanted, speaker: Speaker, draws: Sequence[Sampling]) -> list[NewReply]:
        """Return the replies to one prompt, one a draw; none where the model cannot read so long a prompt."""
        made: list[NewReply] = []
        for sampling in draws:
            try:
                [spoken] = speaker.ask([item.messages], sampling, [item.item_id])
            except ContextError:  # counted as failed
                break
            facts = {
                **sampling.model_dump(exclude={"stop_ids"}),
                "checkpoint": self._checkpoint,
                "stopped": spoken.stopped,
                "num_tokens": len(spoken.ids),
            }
            made.append(NewReply(spoken.text.strip(), speaker.name, facts))
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
