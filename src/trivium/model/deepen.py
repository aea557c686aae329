"""A scalar model to a deeper one that starts out the same: layers on top whose outputs are zero until they are trained.

A language model's last layer is where it knows what should come next. To judge what did come, a reward model must
compare the two, and has no layer left to do it with. Source of the start as an identity: Wu et al. 2024, "LLaMA Pro:
Progressive LLaMA with block expansion".
"""

from __future__ import annotations

import torch

from trivium.model.decoder import Layer, ScalarModel, initialise_layer


def deepen(model: ScalarModel, count: int, generator: torch.Generator) -> None:
    """Append `count` layers in place; scores do not change. To export and import it is a deeper model, nothing more."""
    if not count:
        return
    depth = len(model.model.layers)
    config = model.config.model_copy(update={"num_hidden_layers": depth + count})
    for index in range(depth, depth + count):
        layer = Layer(config, index)
        initialise_layer(layer, config, generator)
        with torch.no_grad():
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.layers.append(layer)
    model.config = model.model.config = config
