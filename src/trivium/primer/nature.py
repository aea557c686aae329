"""The world's animals, foods and tools: true facts, and which of them the demonstrations never show."""

from __future__ import annotations

from dataclasses import dataclass

from trivium.primer.geography import Split


@dataclass(frozen=True)
class Animal:
    """One animal with its class, the place it lives in (with its preposition) and what it eats."""

    name: str
    group: str
    home: str
    diet: str


@dataclass(frozen=True)
class Food:
    """One food (with its article, where it takes one) with its kind, its taste and its colour."""

    name: str
    kind: str
    taste: str
    colour: str


@dataclass(frozen=True)
class Tool:
    """One tool with what it is used to do."""

    name: str
    use: str


HELD_OUT: dict[str, Split] = {
    **dict.fromkeys(("zebra", "owl", "dolphin", "cobra", "gorilla"), "dev"),
    **dict.fromkeys(("giraffe", "eagle", "seal", "frog", "panda"), "test"),
    **dict.fromkeys(("lime", "radish", "yoghurt", "hazelnut"), "dev"),
    **dict.fromkeys(("plum", "cucumber", "mustard", "walnut"), "test"),
    **dict.fromkeys(("rake", "compass", "microscope"), "dev"),
    **dict.fromkeys(("sieve", "anchor", "telescope"), "test"),
}

_ANIMAL_ROWS = """
lion|mammal|in the savanna|meat
zebra|mammal|in the savanna|grass
giraffe|mammal|in the savanna|leaves
elephant|mammal|in the savanna|leaves
camel|mammal|in the desert|plants
cow|mammal|on the farm|grass
sheep|mammal|on the farm|grass
horse|mammal|on the farm|hay
goat|mammal|on the farm|hay
hen|bird|on the farm|seeds
dog|mammal|in the house|meat
cat|mammal|in the house|fish
wolf|mammal|in the forest|meat
deer|mammal|in the forest|leaves
fox|mammal|in the forest|mice
squirrel|mammal|in the forest|nuts
owl|bird|in the forest|mice
woodpecker|bird|in the forest|insects
hedgehog|mammal|in the garden|insects
bee|insect|in the garden|nectar
butterfly|insect|in the garden|nectar
snail|mollusc|in the garden|leaves
whale|mammal|in the sea|krill
dolphin|mammal|in the sea|fish
seal|mammal|in the sea|fish
shark|fish|in the sea|fish
octopus|mollusc|in the sea|crabs
gorilla|mammal|in the jungle|leaves
monkey|mammal|in the jungle|fruit
tiger|mammal|in the jungle|meat
parrot|bird|in the jungle|seeds
panda|mammal|in the mountains|bamboo
eagle|bird|in the mountains|meat
crocodile|reptile|in the river|meat
trout|fish|in the river|insects
hippo|mammal|in the river|grass
frog|amphibian|in the pond|insects
toad|amphibian|in the pond|insects
duck|bird|in the pond|plants
lizard|reptile|in the desert|insects
cobra|reptile|in the jungle|mice
penguin|bird|on the ice|fish
"""

_FOOD_ROWS = """
a lemon|fruit|sour|yellow
a lime|fruit|sour|green
a banana|fruit|sweet|yellow
a cherry|fruit|sweet|red
a strawberry|fruit|sweet|red
a plum|fruit|sweet|purple
a blueberry|fruit|sweet|blue
a mango|fruit|sweet|orange
a grapefruit|fruit|bitter|pink
a carrot|vegetable|sweet|orange
a radish|vegetable|hot|red
a cucumber|vegetable|mild|green
a cabbage|vegetable|mild|green
spinach|vegetable|mild|green
a pumpkin|vegetable|mild|orange
rice|grain|mild|white
maize|grain|sweet|yellow
rye|grain|mild|brown
cheese|dairy food|salty|yellow
butter|dairy food|mild|yellow
yoghurt|dairy food|sour|white
cream|dairy food|mild|white
an almond|nut|mild|brown
a hazelnut|nut|sweet|brown
a walnut|nut|bitter|brown
coffee|drink|bitter|brown
chilli|spice|hot|red
pepper|spice|hot|black
ginger|spice|hot|yellow
mustard|spice|hot|yellow
cinnamon|spice|sweet|brown
"""

_TOOL_ROWS = """
hammer|drive nails
saw|cut wood
spade|dig soil
rake|gather leaves
broom|sweep floors
needle|sew cloth
kettle|boil water
oven|bake bread
whisk|beat eggs
sieve|sift flour
ladder|reach high places
compass|find north
thermometer|measure heat
clock|tell the time
telescope|see stars
microscope|see tiny things
camera|take pictures
umbrella|keep off rain
anchor|hold a ship
plough|turn soil
wrench|turn bolts
screwdriver|turn screws
drill|make holes
ruler|measure length
iron|smooth clothes
key|open locks
torch|light the dark
"""

ANIMALS: tuple[Animal, ...] = tuple(Animal(*row.split("|")) for row in _ANIMAL_ROWS.split("\n") if row)
FOODS: tuple[Food, ...] = tuple(Food(*row.split("|")) for row in _FOOD_ROWS.split("\n") if row)
TOOLS: tuple[Tool, ...] = tuple(Tool(*row.split("|")) for row in _TOOL_ROWS.split("\n") if row)


def entity_split(name: str) -> Split:
    """Return where an animal, a food or a tool may be shown; an article before the name does not matter.

    >>> entity_split("a lime"), entity_split("lemon")
    ('dev', 'seen')
    """
    return HELD_OUT.get(name.split()[-1], "seen")


def with_article(noun: str) -> str:
    """Return a countable noun with its indefinite article.

    >>> with_article("owl"), with_article("cow")
    ('an owl', 'a cow')
    """
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


_PLURALS = {
    "sheep": "sheep",
    "deer": "deer",
    "trout": "trout",
    "wolf": "wolves",
    "fox": "foxes",
    "butterfly": "butterflies",
    "octopus": "octopuses",
    "cherry": "cherries",
    "strawberry": "strawberries",
    "blueberry": "blueberries",
    "mango": "mangoes",
    "radish": "radishes",
    "compass": "compasses",
    "torch": "torches",
    "fish": "fish",
    "cockatoo": "cockatoos",
}


def plural(noun: str) -> str:
    """Return a noun's plural.

    >>> plural("fox"), plural("hen")
    ('foxes', 'hens')
    """
    return _PLURALS.get(noun, f"{noun}s")
