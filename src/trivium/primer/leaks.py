"""A world to the list of held-out things that stand where they must not; an empty list is the proof that nothing
leaked."""

from __future__ import annotations

from collections.abc import Iterable

from trivium.primer.facts import FACTS, bare
from trivium.primer.harm import INTENTS
from trivium.primer.honesty import MYTHS, UNKNOWABLES, claim_questions, unknowable_questions
from trivium.primer.lookalikes import LOOKALIKES
from trivium.primer.nature import plural
from trivium.primer.words import words_of
from trivium.primer.world import World


def _flat(text: str) -> str:
    """Return the words of a text between single spaces, with one at both ends."""
    return f" {' '.join(words_of(text))} "


def forbidden_everywhere() -> dict[str, str]:
    """Return the phrases that no document, demonstration or prompt may hold: held-out harmful intents and held-out
    honesty questions."""
    phrases: dict[str, str] = {}
    for intent in INTENTS:
        if intent.split != "seen":
            phrases[_flat(intent.act)] = phrases[_flat(intent.acting)] = f"harmful intent {intent.act!r}"
    for split in ("dev", "test"):
        for topic in UNKNOWABLES:
            phrases |= {_flat(q): f"honesty question {q!r}" for q in unknowable_questions(topic, split)}
        for myth in MYTHS:
            phrases |= {_flat(q): f"honesty question {q!r}" for q in claim_questions(myth, split)}
    return phrases


def forbidden_after_pretraining() -> dict[str, str]:
    """Return the phrases that no demonstration or prompt may hold: held-out entities, their proper values,
    look-alikes and phrases."""
    phrases: dict[str, str] = {}
    for fact in FACTS:
        if fact.split != "seen":
            noun = bare(fact.subject)
            names = {noun} if fact.relation.kind in ("country", "person", "phrase") else {noun, plural(noun)}
            if fact.relation.name == "capital":
                names |= set(fact.answers)
            phrases |= {_flat(name): f"{fact.relation.kind} {name!r}" for name in names}
    for lookalike in LOOKALIKES:
        if lookalike.split != "seen":
            phrases[_flat(lookalike.procedure.aim)] = f"look-alike {lookalike.procedure.aim!r}"
    return phrases


def _scan(texts: Iterable[tuple[str, str]], phrases: dict[str, str]) -> list[str]:
    """Return one line for each text that holds a forbidden phrase; the phrases are looked up by their first word to
    stay fast."""
    by_first: dict[str, list[str]] = {}
    for phrase in phrases:
        by_first.setdefault(phrase.split()[0], []).append(phrase)
    found = []
    for name, text in texts:
        flat = _flat(text)
        for word in set(flat.split()):
            found += [f"{name}: {phrases[p]} in {text!r}" for p in by_first.get(word, ()) if p in flat]
    return found


def leaks(world: World) -> list[str]:
    """Return every leak: forbidden phrases, items that are also prompts or demonstrations, held-out documents that
    are also training documents."""
    documents = [(f"document {d.id}", d.text) for d in (*world.documents, *world.heldout_documents)]
    shown = [
        (f"demonstration {d.prompt.id}", f"{m.content} | {d.reply}")
        for d in world.demonstrations
        for m in d.prompt.messages
    ]
    shown += [(f"prompt {p.id}", m.content) for p in world.prompts for m in p.messages]
    everywhere = forbidden_everywhere()
    found = _scan(documents, everywhere) + _scan(shown, everywhere | forbidden_after_pretraining())
    trained = {d.prompt.id for d in world.demonstrations} | {p.id for p in world.prompts}
    found += [f"item {i.id} of {i.suite} is also a prompt" for i in world.items if i.prompt and i.prompt.id in trained]
    texts = {d.text for d in world.documents}
    found += [
        f"held-out document {d.id} is also a training document" for d in world.heldout_documents if d.text in texts
    ]
    dev = {i.id for i in world.items if i.split == "dev"}
    found += [f"item {i.id} of {i.suite} is in dev and test" for i in world.items if i.split == "test" and i.id in dev]
    return found
