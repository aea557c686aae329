"""The small cast, things and places that stories and exercises are made of, and which pairs of them are held out."""

from __future__ import annotations

from trivium.primer.geography import Split

NAMES = (
    "Anna",
    "Tom",
    "Ben",
    "Lucy",
    "Max",
    "Eva",
    "Sam",
    "Rosa",
    "Paul",
    "Nina",
    "Leo",
    "Mary",
    "Jack",
    "Ella",
    "Peter",
    "Julia",
)
THINGS = (
    "hat",
    "bag",
    "ball",
    "book",
    "cup",
    "coat",
    "lamp",
    "box",
    "chair",
    "flag",
    "kite",
    "pen",
    "bell",
    "boat",
    "toy",
    "clock",
)
COLOURS = ("red", "blue", "green", "white", "black", "yellow")
PLACES = ("park", "market", "library", "cinema", "station", "garden", "office", "theatre", "hotel", "kitchen")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PETS = ("dog", "cat", "horse", "duck", "hen", "goat", "fox", "parrot")
COUNTABLES = ("apples", "pens", "coins", "books", "cups", "stones", "cards", "toys")
MOVES = (("walks", "walked"), ("runs", "ran"), ("goes", "went"), ("comes", "came"), ("drives", "drove"))
"""(present, past)"""

ASPECTS = ("soup", "room", "film", "staff", "bed", "music", "tea", "view", "bread", "garden", "show", "meal")
PRAISE = ("good", "lovely", "great", "fine", "perfect", "pleasant", "excellent", "wonderful")
BLAME = ("bad", "awful", "poor", "terrible", "dreadful", "horrible", "dull", "nasty")

TOPICS: dict[str, tuple[str, ...]] = {
    "sport": (
        "{n} won the race by one second.",
        "The team of {n} scored two goals.",
        "{n} trains for the match every day.",
        "{n} threw the ball to the other player.",
        "The coach told {n} to run faster.",
        "{n} got a medal after the game.",
    ),
    "weather": (
        "{n} saw dark clouds and heavy rain.",
        "The wind blew snow at {n}.",
        "{n} waited for the storm to end.",
        "The sun was hot and {n} sat in the shade.",
        "Thick fog hid the road from {n}.",
        "{n} heard thunder and saw hail.",
    ),
    "food": (
        "{n} cooked soup with salt and butter.",
        "{n} ate bread and cheese for dinner.",
        "The cake of {n} needs more sugar.",
        "{n} fried an egg in a pan.",
        "{n} cut onions for the sauce.",
        "{n} baked a pie with cream.",
    ),
    "travel": (
        "{n} took the train to the coast.",
        "{n} packed a bag for the trip.",
        "The plane of {n} landed at noon.",
        "{n} booked a hotel near the beach.",
        "{n} lost a ticket on the bus.",
        "{n} sailed on a ship to an island.",
    ),
    "money": (
        "{n} paid ten coins at the market.",
        "The bank lent some money to {n}.",
        "{n} saved half of the wage.",
        "The price was too high for {n}.",
        "{n} sold the shares with a gain.",
        "{n} owes a debt and pays tax.",
    ),
    "health": (
        "{n} had a fever and saw a doctor.",
        "The nurse gave {n} some medicine.",
        "{n} broke a leg and needs rest.",
        "{n} has a cough and a sore throat.",
        "The dentist looked at the teeth of {n}.",
        "{n} felt pain and took a pill.",
    ),
    "music": (
        "{n} played the piano at night.",
        "{n} sang a song with the choir.",
        "The violin of {n} has a new string.",
        "{n} listened to the band.",
        "{n} learned a tune on the flute.",
        "The concert of {n} began with a drum.",
    ),
    "school": (
        "{n} wrote a test in class.",
        "The teacher gave {n} a good mark.",
        "{n} did the homework after lessons.",
        "{n} read a page to the pupils.",
        "{n} studied for the exam.",
        "The lesson of {n} was about history.",
    ),
}
"""Six sentences a topic: the fifth is held out for dev, the sixth for test."""


def pair_split(first: int, second: int) -> Split:
    """Return where a pair of slots (by their index) may be shown: one in eight is held out for dev, one in eight for
    test.

    >>> [pair_split(0, j) for j in range(3)]
    ['dev', 'test', 'seen']
    """
    k = (3 * first + second) % 8
    return "dev" if k == 0 else "test" if k == 1 else "seen"
