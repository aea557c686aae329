"""Turns FairytaleQA's questions and stories into demonstrations of closed question answering: section, question,
answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trivium.core.errors import SourceError
from trivium.human.formats.rows import Flaw, Reject, Row, find_files, read_records, read_rows, text_of
from trivium.records import Demonstration, Prompt

SOURCE, LICENCE = "fairytaleqa", "Apache-2.0"
MAX_CONTEXT_WORDS = 200
"""Questions over longer passages are left out with that reason: most are about one section of 150 words."""


def demonstrations(path: Path, max_context_words: int = MAX_CONTEXT_WORDS) -> Iterator[Demonstration | Reject]:
    """Yield one demonstration per question; path is the questions file with stories.jsonl(.gz) beside it, or the
    folder.
    """
    for file in find_files(path, "questions.jsonl", "questions.jsonl.gz"):
        sections = _sections(file.parent)

        def convert(row: Row, sections: dict[str, list[str]] = sections) -> Iterator[Demonstration | Flaw]:
            context = _context(row, sections)
            num_words = len(context.split())
            if num_words > max_context_words:
                raise Flaw(f"the passage has {num_words} words, the limit is {max_context_words}")
            yield Demonstration(
                prompt=Prompt.of(
                    f"{context}\n\n{text_of(row, 'question')}",
                    origin="dataset",
                    source=SOURCE,
                    licence=LICENCE,
                    kind=text_of(row, "attribute1", may_be_empty=True),
                    attrs={"group": text_of(row, "story")},
                ),
                reply=text_of(row, "answer1"),
                task_type="closed_qa",
                prompt_type="in_context",
            )

        yield from read_records(file, convert)


def _sections(folder: Path) -> dict[str, list[str]]:
    """Return story name → its sections."""
    stories: dict[str, list[str]] = {}
    for file in find_files(folder, "stories.jsonl", "stories.jsonl.gz"):
        for line, row in read_rows(file):
            if isinstance(row, Flaw) or not isinstance(row.get("sections"), list):
                raise SourceError("wanted a story with `sections`", where=f"{file}:{line}", do="fetch the file again")
            stories[text_of(row, "story")] = row["sections"]
    return stories


def _context(row: Row, sections: dict[str, list[str]]) -> str:
    """Return the passage a question is about: the sections it names, counted from 1 and separated by commas."""
    story, named = text_of(row, "story"), text_of(row, "cor_section")
    if story not in sections:
        raise Flaw(f"the story {story!r} is not in the stories file")
    numbers = [part.strip() for part in named.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= len(sections[story]) for part in numbers):
        raise Flaw(f"`cor_section` is {named!r}, wanted numbers from 1 to {len(sections[story])}")
    return "\n".join(sections[story][int(part) - 1].strip() for part in numbers)
