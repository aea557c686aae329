"""A run, finished or not, to everything its report shows. Read-only over the artifacts."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, date, datetime

from trivium.core.version import code_version
from trivium.evaluation.assemble.first_batches import first_batches
from trivium.evaluation.assemble.learning import curves
from trivium.evaluation.assemble.origins import origins
from trivium.evaluation.assemble.rankings import ranking
from trivium.evaluation.assemble.scores import costs, score_rows, task_rows
from trivium.evaluation.assemble.spoken import Asked, asked, comparable, samples, samples_note, stories, stories_note
from trivium.evaluation.assemble.stations import mix_words, road
from trivium.evaluation.assemble.trail import Trail
from trivium.evaluation.report.data import ReportData, RunFacts, Stop
from trivium.evaluation.report.words import counted, listed


def assemble(trail: Trail) -> ReportData:
    """Return the data of the report; what was not made is empty, and its station says why."""
    questions = asked(trail)
    sampled = comparable(questions)
    name = trail.graph.name
    last = next((stage for stage in ("policy", "sft", "pretrain") if stage in trail.made), None)
    again = (f"trivium lineage {name}/{last}", f"trivium verify {name}/{last}") if last else ()
    talk = (f"trivium chat {name}/{last}",) if last in ("policy", "sft") else ()
    return ReportData(
        run=_facts(trail, questions),
        road=road(trail),
        mix=mix_words(trail),
        scorecard=score_rows(trail),
        tasks=task_rows(trail),
        stories=stories(questions),
        stories_note=stories_note(trail) if questions else "",
        samples=samples(sampled, _seed(trail)),
        samples_note=samples_note(trail, len(sampled)) if sampled else "",
        batches=first_batches(trail),
        ranking=ranking(trail),
        curves=curves(trail),
        origin=origins(trail),
        again=again + talk,
    )


def _seed(trail: Trail) -> int:
    return trail.graph.nodes[0].seed if trail.graph.nodes else 0


def _facts(trail: Trail, questions: list[Asked]) -> RunFacts:
    cost = costs(trail)
    seconds, peak = cost.get("wall_seconds"), cost.get("peak_memory_bytes")
    words = trail.number("corpus", "words")
    halt = trail.halt
    covers, not_covered = _coverage(trail, questions)
    return RunFacts(
        recipe=trail.graph.name,
        seed=_seed(trail),
        wall_seconds=seconds.value if seconds is not None else None,
        peak_memory_bytes=round(peak.value) if peak is not None and peak.value is not None else None,
        day=_day(trail),
        code_version=_code(trail),
        synthetic=trail.synthetic,
        command=trail.command or f"trivium run {trail.graph.name}",
        num_words=round(words) if words is not None else None,
        machine=counted(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, "core"
        ),
        recipe_id=trail.recipe_id,
        covers=covers,
        does_not_cover=not_covered,
        stop=Stop(stage=halt.stage, cause=halt.cause, do=halt.do) if halt is not None else None,
    )


def _day(trail: Trail) -> date:
    """Return the day when the last of the stages was finished, so that a run that makes nothing changes nothing."""
    days = [datetime.fromisoformat(artifact.manifest.created_at) for artifact in trail.made.values()]
    return max(days).date() if days else datetime.now(UTC).date()


def _code(trail: Trail) -> str:
    """Return the version of the code that made the last stage, and of how many others there are parts."""
    manifests = sorted((artifact.manifest for artifact in trail.made.values()), key=lambda one: one.created_at)
    versions = list(dict.fromkeys(manifest.code_version for manifest in reversed(manifests)))
    if not versions:
        return f"trivium {code_version()}"
    older = f", earlier stages by {counted(len(versions) - 1, 'older version')}" if len(versions) > 1 else ""
    return f"trivium {versions[0]}{older}"


_SUITES = {
    "facts_completion": "sentence|to complete",
    "questions": "question|as plain text",
    "held_out_answers": "question|about entities the demonstrations never show",
    "harmful": "request|for harm, of intents held out of all training",
    "benign": "harmless look-alike|",
    "honesty": "question|on what it cannot know and on myths",
    "tasks": "prompt|of the ten task types",
}


def _coverage(trail: Trail, questions: list[Asked]) -> tuple[str, str]:
    """Say what the numbers cover and what they do not."""
    if not questions:
        return "", ""
    if not trail.truth_known:
        covers = f"{counted(len(questions), 'sampled prompt')}, people's held-out orders by source, held-out raw text"
        return covers, "whether replies are true or safe: nobody has judged them; attacks; long dialogues"
    counts = Counter(one.suite.split(".")[0] for one in questions)
    parts = []
    for suite, words in _SUITES.items():
        noun, _, more = words.partition("|")
        if counts[suite]:
            parts.append(f"{counted(counts[suite], noun)} {more}".strip())
    split = trail.config("evaluate").get("split")
    return (
        f"{listed(parts)}; split {split}, in English",
        "other languages, long dialogues, disguised attacks, real users",
    )
