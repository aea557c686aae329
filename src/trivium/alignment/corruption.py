"""Demonstrations to ranked groups that cost no judgement: a reply, and the same reply with a word or two exchanged.

What a model samples seldom shows a small mistake, such as another country's capital or one wrong number in a sum, and
a reward model cannot tell what it was never shown. Here the SFT model says at each place of a demonstration what it
could have said instead, and one or two places are exchanged for such a token: the demonstration ranks above its
corrupted copies. Sources of the idea: replaced-token detection (Clark et al. 2020, ELECTRA) and preference-model pre-
training (Askell et al. 2021, section 4).

Shapes: N reply tokens, V vocabulary, C candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trivium.alignment.reward_task import RankedTree
from trivium.model.decoder import LanguageModel
from trivium.training.batch import Tree, micro_rows, pack
from trivium.training.language import Layout, wanted_hidden
from trivium.training.losses import CHUNK_TOKENS

CANDIDATES = 8
HEAT = 2.0
"""Candidates are drawn at this temperature: nearly as likely ones are not the only ones."""
RANKS = (1.0, 3.0, 5.0)
"""The mean ranks of a demonstration and of its copies with one and with two tokens exchanged: apart beyond doubt."""


@dataclass(frozen=True)
class Corruptible:
    """A demonstration's tree, and what could stand at each token of its reply, [N, C], with the chance of each."""

    tree: Tree
    tokens_NC: NDArray[np.int64]
    chances_NC: NDArray[np.float64]

    def group(self, rng: np.random.Generator) -> RankedTree:
        """Draw the demonstration with a copy that has one token exchanged and one that has two."""
        reply = tuple(self.tree.replies[0])
        doubt_N = self.chances_NC.sum(axis=1)
        places = rng.choice(len(doubt_N), size=2, replace=False, p=doubt_N / doubt_N.sum())
        copies = [list(reply), list(reply)]
        for number, place in enumerate(places):
            chances_C = self.chances_NC[place] / self.chances_NC[place].sum()
            token = int(rng.choice(self.tokens_NC[place], p=chances_C))
            for copy in copies[number:]:
                copy[place] = token
        replies = (reply, *(tuple(copy) for copy in copies))
        return RankedTree(Tree(prompt=self.tree.prompt, replies=replies, name=self.tree.name), RANKS)


@torch.inference_mode()
def corruptible(model: LanguageModel, trees: Sequence[Tree], layout: Layout) -> list[Corruptible]:
    """Ask the model what else could stand at each place of the replies.

    A reply of fewer than three tokens, its end counted, has no room for two exchanges and is left out. The end of turn
    stays where it is.
    """
    roomy = [Tree(t.prompt, t.replies, name=t.name) for t in trees if len(t.replies[0]) > 2]
    device = next(model.parameters()).device
    found: dict[int, Corruptible] = {}
    for rows in micro_rows(roomy, layout.row_tokens, layout.micro_tokens):
        used = sorted(index for row in rows for index in row)
        batch = pack(roomy, rows).to(device)
        tokens_NC, chances_NC = _instead(model, wanted_hidden(model, batch), batch.target_N)
        for place, index in enumerate(used):
            inside = np.flatnonzero(batch.reply_N.cpu().numpy() == place)[:-1]
            found[index] = Corruptible(roomy[index], tokens_NC[inside], chances_NC[inside])
    return [found[index] for index in range(len(roomy))]


def _instead(
    model: LanguageModel, hidden_ND: Tensor, target_N: Tensor
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the likeliest tokens but the one that stands there, [N, C], and their chances."""
    tokens, chances = [], []
    for hidden_CD, target_C in zip(hidden_ND.split(CHUNK_TOKENS), target_N.split(CHUNK_TOKENS), strict=True):
        hot_CV = torch.log_softmax(model.logits(hidden_CD) / HEAT, dim=-1)
        hot_CV.scatter_(1, target_C[:, None], -torch.inf)
        best = hot_CV.exp().topk(CANDIDATES, dim=-1)
        tokens.append(best.indices.cpu().numpy())
        chances.append(best.values.double().cpu().numpy() + 1e-9)
    return np.concatenate(tokens), np.concatenate(chances)
