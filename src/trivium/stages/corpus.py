"""Raw documents to a corpus: what is kept for training, what is held out, and a ledger of what was dropped and why."""

from __future__ import annotations

import json
from typing import Annotated, Any

from trivium.core.config import NotIdentity
from trivium.core.errors import SourceError
from trivium.core.kinds import Corpus, Sources
from trivium.core.stage import StageContext, stage
from trivium.curation.curate import DOCUMENTS, RESERVED, Workplace, curate
from trivium.curation.engine import EngineSettings
from trivium.curation.settings import CurationSettings
from trivium.evaluation.report.corpus import render_corpus


class CorpusConfig(CurationSettings):
    """What is kept, and where the work is done."""

    engine: Annotated[EngineSettings, NotIdentity()] = EngineSettings()


@stage(version=4)
def corpus(sources: Sources, config: CorpusConfig, context: StageContext) -> Corpus:
    """Clean, judge and deduplicate; hold texts out by the hash of their name or id, never by chance.

    Writes documents.jsonl, heldout.jsonl, ledger.jsonl (what was dropped, with rule and value), scores.parquet (every
    score of every document, in the order read), and the report as corpus.json and corpus.html.
    """
    place = Workplace(sources.path, context.scratch, context.out, context.seed, config.engine)
    total = sum(
        (sources.path / name).stat().st_size for name in (DOCUMENTS, RESERVED) if (sources.path / name).exists()
    )
    with context.progress("corpus", total, "bytes") as bar:
        account = curate(place, _settings(config), bar.advance)
    _refuse_nothing(account, sources)
    _measure(account, context)
    for text in account["warnings"]:
        context.log.write("corpus warning", f"warning: {text}")
    (context.out / "corpus.json").write_text(json.dumps(account, ensure_ascii=False, indent=1), encoding="utf-8")
    (context.out / "corpus.html").write_text(render_corpus(account), encoding="utf-8")
    return context.made(Corpus)


def _settings(config: CorpusConfig) -> CurationSettings:
    """Return the settings without the engine: they are sent to every worker."""
    return CurationSettings.model_validate({name: getattr(config, name) for name in CurationSettings.model_fields})


def _refuse_nothing(account: dict[str, Any], sources: Sources) -> None:
    if account["documents"]["kept"]:
        return
    most = sorted(account["dropped"], key=lambda each: -each["documents"])[:3]
    reasons = ", ".join(f"{each['rule']} ({each['documents']:,})" for each in most)
    raise SourceError(
        f"no document is left of {account['documents']['read']:,}" + (f": {reasons}" if reasons else ""),
        where=str(sources.path),
        do="look at the source, or loosen the rules of [corpus]",
    )


def _measure(account: dict[str, Any], context: StageContext) -> None:
    documents = account["documents"]
    kept = documents["kept"]
    context.measure("documents", kept, n=kept)
    context.measure("heldout_documents", documents["heldout"], n=documents["heldout"])
    context.measure("characters", account["characters"], n=kept)
    context.measure("words", account["words"], n=kept)
    for each in sorted(account["dropped"], key=lambda each: each["rule"]):
        number = each["documents"]
        context.measure(f"dropped.{each['rule'].replace(' ', '_')}", number, n=kept + number)
    for name, counts in account["private"].items():
        context.measure(f"private.{name}", counts["found"], n=documents["read"])
