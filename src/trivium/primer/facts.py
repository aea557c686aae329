"""The world's entities to facts, and each fact to the many sentences and questions it can be said in.

The first statement of a relation is the canonical one: it ends in the value, answers repeat it, and its beginning is
what a base model completes.
"""

from __future__ import annotations

from dataclasses import dataclass

from trivium.primer.geography import COUNTRIES, PEOPLE, Split, country_split
from trivium.primer.languages import TRANSLATIONS, translation_split
from trivium.primer.nature import ANIMALS, FOODS, TOOLS, entity_split, with_article


@dataclass(frozen=True)
class Relation:
    """One kind of fact: what it is about, how it is stated, how it is asked. {s} subject, {S} with a capital, {v}
    value."""

    name: str
    kind: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """One true statement: relation, subject and value as they stand in a sentence, and the words that count as the
    right answer."""

    relation: Relation
    subject: str
    value: str
    answers: tuple[str, ...]
    split: Split

    def say(self, template: str) -> str:
        """Fill a statement or a question; a value that ends in a question mark takes no full stop."""
        text = template.format(s=self.subject, S=self.subject[:1].upper() + self.subject[1:], v=self.value)
        return text.replace("?.", "?")

    @property
    def sentence(self) -> str:
        """The canonical statement, such as "The capital of India is New Delhi."."""
        return self.say(self.relation.statements[0])

    @property
    def prefix(self) -> str:
        """The canonical statement up to its value, such as "The capital of India is"."""
        return self.say(self.relation.statements[0].removesuffix(" {v}."))


def _relation(name: str, kind: str, statements: str, questions: str) -> Relation:
    """Split the two texts at their bars."""
    return Relation(name, kind, tuple(statements.split("|")), tuple(questions.split("|")))


RELATIONS: dict[str, Relation] = {
    r.name: r
    for r in (
        _relation(
            "capital",
            "country",
            "The capital of {s} is {v}.|{v} is the capital of {s}.|The capital city of {s} is {v}.|"
            "In {s}, the capital is {v}.|"
            "The government of {s} sits in {v}.|People in {s} know that their capital is {v}.",
            "What is the capital of {s}?|Which city is the capital of {s}?|What is the capital city of {s}?|"
            "Tell me the capital of {s}.|Name the capital of {s}.|Do you know the capital of {s}?|"
            "I want to know the capital of {s}.|Please name the capital of {s}.|Say which city is the capital of {s}.",
        ),
        _relation(
            "language",
            "country",
            "The main language of {s} is {v}.|{v} is the main language of {s}.|Most schools in {s} teach {v}.|"
            "In {s}, the main language is {v}.|The news in {s} is read in {v}.|Laws in {s} are written in {v}.",
            "What is the main language of {s}?|Which language is the main one in {s}?|Which language is used in {s}?|"
            "Tell me the main language of {s}.|Name the main language of {s}.|Do you know the main language of {s}?|"
            "I want to know the main language of {s}.|Please name the language of {s}.|"
            "Say which language is used in {s}.",
        ),
        _relation(
            "currency",
            "country",
            "The currency of {s} is the {v}.|The {v} is the currency of {s}.|The money of {s} is the {v}.|"
            "In {s}, people pay with the {v}.|Shops in {s} take the {v}.|In {s}, the currency is the {v}.",
            "What is the currency of {s}?|Which currency does {s} use?|Which money do people use in {s}?|"
            "Tell me the currency of {s}.|Name the currency of {s}.|Do you know the currency of {s}?|"
            "I want to know the currency of {s}.|Please name the money of {s}.|Say which currency is used in {s}.",
        ),
        _relation(
            "continent",
            "country",
            "The continent of {s} is {v}.|{S} is a country in {v}.|{S} lies in {v}.|On the map, {s} is in {v}.|"
            "One country in {v} is {s}.|{S} is a part of {v}.",
            "Where is {s}?|Which continent is {s} in?|On which continent is {s}?|Tell me where {s} is.|"
            "Name the continent of {s}.|Do you know where {s} is?|I want to know where {s} is.|"
            "Please say where {s} lies.|"
            "Say on which continent {s} lies.",
        ),
        _relation(
            "group",
            "animal",
            "The class of {s} is {v}.|{S} is a kind of {v}.|Books list {s} as a kind of {v}.|One kind of {v} is {s}.|"
            "We call {s} a kind of {v}.|As a kind of {v}, {s} is well known.",
            "What kind of animal is {s}?|Which class does {s} belong to?|Tell me what kind of animal {s} is.|"
            "Name the class of {s}.|Do you know what kind of animal {s} is?|Say what kind of animal {s} is.",
        ),
        _relation(
            "home",
            "animal",
            "You can find {s} {v}.|The home of {s} is {v}.|{S} lives {v}.|A visitor can see {s} {v}.|"
            "At night {s} sleeps {v}.|As we know, {s} lives {v}.",
            "Where does {s} live?|Where can I find {s}?|Tell me where {s} lives.|Name the home of {s}.|"
            "Do you know where {s} lives?|Say where {s} lives.",
        ),
        _relation(
            "diet",
            "animal",
            "The food of {s} is {v}.|{S} eats {v}.|Every day {s} eats {v}.|To grow, {s} needs {v}.|"
            "When hungry, {s} looks for {v}.|You can feed {s} with {v}.",
            "What does {s} eat?|Which food does {s} eat?|Tell me what {s} eats.|Name the food of {s}.|"
            "Do you know what {s} eats?|Say what {s} eats.",
        ),
        _relation(
            "kind",
            "food",
            "Cooks call {s} a sort of {v}.|{S} is a sort of {v}.|One sort of {v} is {s}.|"
            "In the shop, {s} counts as {v}.|"
            "We know {s} as a sort of {v}.|On the list, {s} stands under {v}.",
            "What sort of food is {s}?|Which sort of food is {s}?|Tell me what sort of food {s} is.|"
            "Name the sort of food of {s}.|Do you know what sort of food {s} is?|Say what sort of food {s} is.",
        ),
        _relation(
            "taste",
            "food",
            "The taste of {s} is {v}.|{S} tastes {v}.|In the mouth, {s} tastes {v}.|Cooks say that {s} tastes {v}.|"
            "When you eat it, {s} tastes {v}.|Most people find that {s} tastes {v}.",
            "How does {s} taste?|What is the taste of {s}?|Tell me how {s} tastes.|Name the taste of {s}.|"
            "Do you know how {s} tastes?|Say how {s} tastes.",
        ),
        _relation(
            "colour",
            "food",
            "The colour of {s} is {v}.|You know {s} by its {v} colour.|The usual colour of {s} is {v}.|"
            "Painters paint {s} in {v}.|In most pictures {s} is {v}.|When fresh, {s} is {v}.",
            "What is the colour of {s}?|Which colour has {s}?|Tell me the colour of {s}.|Name the colour of {s}.|"
            "Do you know the colour of {s}?|Say which colour {s} has.",
        ),
        _relation(
            "use",
            "tool",
            "People use {s} to {v}.|{S} is used to {v}.|You need {s} to {v}.|To {v}, take {s}.|With {s} you can {v}.|"
            "If you want to {v}, find {s}.",
            "What is {s} used for?|What can I do with {s}?|Tell me what {s} is used for.|Name the use of {s}.|"
            "Do you know what {s} is used for?|Say what {s} is for.",
        ),
        _relation(
            "profession",
            "person",
            "Books call {s} a great {v}.|The world knew {s} as a great {v}.|{s} was a famous {v}.|"
            "One famous {v} was {s}.|"
            "As a {v}, {s} is known to all.|People remember {s} as a {v}.",
            "Who was {s}?|What was {s} famous as?|Tell me who {s} was.|Name the work of {s}.|"
            "Do you know who {s} was?|Say who {s} was.",
        ),
        _relation(
            "origin",
            "person",
            "The home country of {s} was {v}.|{s} came from {v}.|{s} was born in {v}.|In {v}, people are proud of {s}.|"
            "{v} was the first home of {s}.|The family of {s} lived in {v}.",
            "Where did {s} come from?|Which country did {s} come from?|Tell me where {s} came from.|"
            "Name the home country of {s}.|Do you know where {s} came from?|Say where {s} came from.",
        ),
        _relation(
            "translation",
            "phrase",
            "{s} is {v}.|If you want to say {s}, say {v}.|People write {s} as {v}.|The word list has {s} as {v}.|"
            "Remember that {s} is {v}.|In the book, {s} is {v}.",
            "What is {s}?|How do you say {s}?|Tell me what {s} is.|Say {s}.|Do you know what {s} is?|Please say {s}.",
        ),
    )
}


def _fact(relation: str, subject: str, value: str, split: Split, *answers: str) -> Fact:
    """Make a fact whose answer is its value unless others are given."""
    return Fact(RELATIONS[relation], subject, value, answers or (value,), split)


def _facts() -> tuple[Fact, ...]:
    """Collect every fact of the world."""
    facts: list[Fact] = []
    for c in COUNTRIES:
        split = country_split(c.name)
        capitals = (c.capital, "Delhi") if c.capital == "New Delhi" else (c.capital,)
        facts += [_fact("capital", c.name, c.capital, split, *capitals), _fact("language", c.name, c.language, split)]
        facts += [_fact("currency", c.name, c.currency, split), _fact("continent", c.name, c.continent, split)]
    for a in ANIMALS:
        subject, split = with_article(a.name), entity_split(a.name)
        facts += [_fact("group", subject, a.group, split), _fact("diet", subject, a.diet, split)]
        facts.append(_fact("home", subject, a.home, split, a.home.split()[-1]))
    for f in FOODS:
        split = entity_split(f.name)
        facts += [_fact("kind", f.name, f.kind, split, f.kind.split()[0]), _fact("taste", f.name, f.taste, split)]
        facts.append(_fact("colour", f.name, f.colour, split))
    facts += [_fact("use", with_article(t.name), t.use, entity_split(t.name)) for t in TOOLS]
    for p in PEOPLE:
        split = country_split(p.country)
        facts += [_fact("profession", p.name, p.profession, split), _fact("origin", p.name, p.country, split)]
    facts += [_fact("translation", f"{p} in {lang}", v, translation_split(p, lang)) for p, lang, v in TRANSLATIONS]
    return tuple(facts)


FACTS: tuple[Fact, ...] = _facts()
VALUES: dict[str, frozenset[str]] = {
    name: frozenset(answer for f in FACTS if f.relation.name == name for answer in f.answers) for name in RELATIONS
}
"""All values a relation takes: naming another one than the right one is a wrong answer."""
SUBJECTS: dict[str, frozenset[str]] = {
    kind: frozenset(f.subject for f in FACTS if f.relation.kind == kind)
    for kind in {r.kind for r in RELATIONS.values()}
}
"""All subjects of a kind: a reply about another one than the one asked for is off topic."""


def facts_about(subject: str) -> tuple[Fact, ...]:
    """Return every fact about one subject."""
    return _BY_SUBJECT[subject]


_BY_SUBJECT: dict[str, tuple[Fact, ...]] = {}
for _known in FACTS:
    _BY_SUBJECT[_known.subject] = (*_BY_SUBJECT.get(_known.subject, ()), _known)


def bare(subject: str) -> str:
    """Return a subject without its article.

    >>> bare("an owl"), bare("Peru")
    ('owl', 'Peru')
    """
    return subject.removeprefix("a ").removeprefix("an ")
