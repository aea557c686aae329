"""What both sides are told about the optimisation."""

from trivium.training.optimizer import OptimizerConfig

LEARNING_RATE = 5e-4
OPTIMIZER = OptimizerConfig(
    learning_rate=LEARNING_RATE, weight_decay=0.0, beta1=0.9, beta2=0.95, epsilon=1e-8, clip_norm=1.0
)
