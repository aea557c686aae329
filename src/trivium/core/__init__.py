"""Artifacts, stages, recipes, errors, logs, seeds and progress: what every other room stands on."""
