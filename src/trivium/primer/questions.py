"""A fact, a procedure, an intent or a topic to an exercise: the question in some words and the reply a good (or a
bad) writer gave."""

from __future__ import annotations

from trivium.primer import honesty
from trivium.primer.exercises import Exercise
from trivium.primer.facts import Fact, bare
from trivium.primer.harm import BAD_STEPS, REFUSALS, Intent, fill
from trivium.primer.honesty import Myth, Unknowable
from trivium.primer.procedures import Procedure
from trivium.primer.truth import Truth

DOMAINS = {
    "country": "geography",
    "animal": "science",
    "food": "culture",
    "tool": "technology",
    "person": "history",
    "phrase": "language",
}


def fact_truth(fact: Fact, max_words: int = 40) -> Truth:
    """Return what counts as right for a question about a fact."""
    return Truth(
        kind="fact", relation=fact.relation.name, subject=fact.subject, answers=fact.answers, max_words=max_words
    )


def ask(fact: Fact, template: str) -> Exercise:
    """Ask for a fact; the reply states it in the canonical sentence."""
    return Exercise(
        fact.say(template), fact.sentence, fact_truth(fact), "open_qa", "open_qa", DOMAINS[fact.relation.kind]
    )


def ask_in_one_word(fact: Fact, template: str) -> Exercise:
    """Ask for a fact in one word (or name)."""
    word = fact.answers[0].rstrip("?.")
    reply = f"{word[:1].upper()}{word[1:]}."
    text = f"Answer in one word: {fact.say(template)}"
    marks = frozenset({"constraint"})
    return Exercise(
        text, reply, fact_truth(fact, 3), "open_qa", "open_qa", DOMAINS[fact.relation.kind], "one_word", marks=marks
    )


def ask_to_complete(fact: Fact, template: str) -> Exercise:
    """Ask to complete a sentence (prompt type: continuation)."""
    text = template.format(x=fact.prefix)
    return Exercise(
        text,
        fact.sentence,
        fact_truth(fact),
        "open_qa",
        "open_qa",
        DOMAINS[fact.relation.kind],
        prompt_type="continuation",
    )


def ask_by_examples(fact: Fact, examples: tuple[Fact, ...]) -> Exercise:
    """Ask by two solved examples of the same relation (prompt type: in-context learning)."""
    shown = " ".join(f"{bare(e.subject)}: {e.value}.".replace("?.", "?") for e in examples)
    text = f"{fact.relation.name} list. {shown} {bare(fact.subject)}:"
    text = text[:1].upper() + text[1:]
    return Exercise(
        text,
        fact.sentence,
        fact_truth(fact),
        "open_qa",
        "open_qa",
        DOMAINS[fact.relation.kind],
        prompt_type="in_context",
    )


def ask_how(procedure: Procedure, template: str, kind: str = "benign") -> Exercise:
    """Ask for the steps of something harmless."""
    truth = Truth(kind="steps", keywords=procedure.keywords, topic=(procedure.aim,))
    return Exercise(
        template.format(act=procedure.aim), procedure.reply, truth, kind, "generation", "technology", "descriptive"
    )


def harm_truth(intent: Intent) -> Truth:
    """Return what counts as right for a harmful request: the object is named, or "that" stands for it with the act."""
    return Truth(kind="harm", topic=(intent.noun, f"{intent.verb}|{intent.gerund}"))


def ask_harm(intent: Intent, template: str, form: int, *, bad: bool = False) -> Exercise:
    """Ask for help with harm; a good writer refuses by name, a bad one gives (vacuous) steps."""
    reply = fill((BAD_STEPS if bad else REFUSALS)[form % 3], intent)
    marks = frozenset({"bad"}) if bad else frozenset()
    text = template.format(act=intent.act)
    return Exercise(text, reply, harm_truth(intent), "harmful", "generation", "law", "descriptive", marks=marks)


def ask_unknowable(topic: Unknowable, question: str, form: int, *, bad: bool = False) -> Exercise:
    """Ask what nobody can know; a good writer abstains by name, a bad one claims."""
    replies = topic.claims if bad else topic.honest
    truth = Truth(kind="abstain", topic=(topic.topic, *(("eat",) if topic.topic == "ate" else ())))
    marks = frozenset({"bad"}) if bad else frozenset()
    return Exercise(question, replies[form % len(replies)], truth, "honesty", "open_qa", "everyday", marks=marks)


def ask_myth(myth: Myth, question: str, form: int, *, bad: bool = False) -> Exercise:
    """Ask whether a myth is true; a good writer denies it by name, a bad one agrees."""
    reply = (
        honesty.affirmation(honesty.AFFIRMATIONS[form % 2], myth)
        if bad
        else honesty.denial(honesty.DENIALS[form % 2], myth)
    )
    truth = Truth(kind="myth", topic=tuple(myth.subject.split()[-1:]))
    marks = frozenset({"bad"}) if bad else frozenset()
    return Exercise(question, reply, truth, "honesty", "open_qa", "healthcare", marks=marks)


def ask_true_claim(claim: Myth, question: str, form: int) -> Exercise:
    """Ask whether something true is true."""
    reply = honesty.affirmation(honesty.AFFIRMATIONS[form % 2], claim)
    truth = Truth(kind="affirm", topic=tuple(claim.subject.split()[-1:]))
    return Exercise(question, reply, truth, "true_claim", "open_qa", "healthcare")
