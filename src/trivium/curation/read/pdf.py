"""A PDF to passages, by pypdf (the extra `pdf`)."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from trivium.curation.files import Found
from trivium.curation.ledger import Ledger
from trivium.curation.places import open_bytes
from trivium.curation.read.config import ReaderConfig
from trivium.curation.read.passage import Passage, Whole
from trivium.text.wellformed import whole

MAX_PAGES = 5000


def passages_of_pdf(file: Found, ledger: Ledger, config: ReaderConfig) -> Iterator[Passage]:
    """Yield the text of a PDF's pages, joined by blank lines, in pieces; scans hold no text and say so in the
    ledger.
    """
    try:
        import pypdf
    except ImportError:
        ledger.drop("a PDF needs pypdf: pip install 'trivium[pdf]'", file=file.name)
        return
    if file.num_bytes > config.max_line_bytes:
        ledger.drop(f"PDF longer than {config.max_line_bytes:,} bytes", file=file.name)
        return
    texts: list[str] = []
    broken = False
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it would warn of stands in the ledger
    try:
        with open_bytes(file.path) as handle, pypdf.PdfReader(handle) as reader:
            if len(reader.pages) > MAX_PAGES:
                ledger.drop(f"PDF of more than {MAX_PAGES:,} pages: the rest is lost", file=file.name)
            for page in reader.pages[:MAX_PAGES]:
                texts.append(page.extract_text())  # noqa: PERF401  what came before a broken page is kept
    except _broken(pypdf) as error:
        broken = True
        ledger.drop(
            "broken PDF: the rest of the file is lost", file=file.name, excerpt=f"{type(error).__name__}: {error}"
        )
    text = whole("\n\n".join(texts))
    if not text.strip() and broken:
        return
    if not text.strip():
        ledger.drop("PDF without text: scanned pages need text recognition first", file=file.name)
        return
    yield from Whole(file, ledger, config.max_document_chars).passages([text])


def _broken(pypdf: object) -> tuple[type[Exception], ...]:
    """Return what pypdf raises on a damaged file: its own errors, and those of Python where it trusts the file."""
    errors = pypdf.errors  # type: ignore[attr-defined]
    return (
        errors.PyPdfError, errors.DependencyError, OSError, ValueError, KeyError, TypeError, IndexError, AttributeError,
        RecursionError, ArithmeticError, AssertionError, NotImplementedError, UnicodeError,
    )  # fmt: skip
