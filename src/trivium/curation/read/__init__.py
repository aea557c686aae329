"""Sources of any kind to bounded Arrow batches of documents, unit by unit."""

from trivium.curation.read.batch import MAX_BATCH_BYTES, MAX_BATCH_DOCUMENTS, SCHEMA
from trivium.curation.read.source import SourceSpec, Unit
from trivium.curation.read.unit import no_documents, read_batches, read_unit
from trivium.curation.read.units import chosen_files, plan_units

__all__ = [
    "MAX_BATCH_BYTES",
    "MAX_BATCH_DOCUMENTS",
    "SCHEMA",
    "SourceSpec",
    "Unit",
    "chosen_files",
    "no_documents",
    "plan_units",
    "read_batches",
    "read_unit",
]
