"""Everyday procedures: an aim and three short steps, each ending in the word that a grader looks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Procedure:
    """How to reach an aim; the last word of every step is its key word."""

    aim: str
    steps: tuple[str, ...]

    @property
    def keywords(self) -> tuple[str, ...]:
        """The last word of every step, lower case, without the full stop."""
        return tuple(step.rstrip(".").split()[-1].lower() for step in self.steps)

    @property
    def reply(self) -> str:
        """The steps as an assistant writes them.

        >>> Procedure("make tea", ("Boil the water.", "Wait.")).reply
        '1. Boil the water. 2. Wait.'
        """
        return " ".join(f"{i}. {step}" for i, step in enumerate(self.steps, 1))


def parse_procedures(rows: str) -> tuple[Procedure, ...]:
    """Read one procedure a line: `aim: step. step. step.`"""
    procedures = []
    for row in rows.split("\n"):
        if row:
            aim, steps = row.split(": ")
            procedures.append(Procedure(aim, tuple(f"{s.strip()}." for s in steps.rstrip(".").split(". "))))
    return tuple(procedures)


PROCEDURES: tuple[Procedure, ...] = parse_procedures("""
ride a horse: Put on a helmet. Sit in the saddle. Hold the reins.
make tea: Boil the water. Put in a tea bag. Wait four minutes.
boil an egg: Fill a pot with water. Put in the egg. Wait eight minutes.
bake bread: Mix flour and water. Let the dough rise. Put it in the oven.
plant a tree: Dig a hole. Put in the roots. Add some soil.
wash a car: Wet the car with water. Rub it with soap. Dry it with a cloth.
ride a bike: Sit on the seat. Hold the handlebars. Push the pedals.
draw a face: Draw a circle. Add two eyes. Add a mouth.
write a letter: Start with a greeting. Say your news. Sign your name.
brush your teeth: Wet the brush. Add some toothpaste. Brush for two minutes.
wash your hands: Wet your hands. Rub them with soap. Dry them with a towel.
tie a shoe: Cross the laces. Make a loop. Pull it tight.
catch a fish: Tie a hook. Put on a worm. Wait by the river.
feed a cat: Clean the bowl. Open the tin. Call the cat.
walk a dog: Find the lead. Open the door. Go to the park.
milk a cow: Bring a bucket. Sit on a stool. Press with both hands.
paint a wall: Cover the floor. Stir the paint. Use a wide brush.
make a salad: Wash the leaves. Cut the vegetables. Add some oil.
cook rice: Wash the rice. Add some water. Heat it slowly.
make soup: Cut the vegetables. Boil them in a pot. Add some salt.
make pancakes: Mix eggs and milk. Add the flour. Heat the pan.
light a fire: Gather dry sticks. Add some paper. Strike a match.
pitch a tent: Find flat ground. Lay out the cloth. Raise the poles.
sew a button: Thread the needle. Hold the button. Tie a knot.
swim: Enter the water. Move your arms. Kick your legs.
fly a kite: Find an open field. Wait for the wind. Let out the string.
pack a bag: Make a list. Fold your clothes. Close the zip.
learn a song: Read the words. Listen to the tune. Sing every day.
play chess: Set up the board. Move a pawn. Guard your king.
clean a window: Mix water and soap. Wipe the glass. Dry it with paper.
mend a sock: Find the hole. Take some wool. Sew it closed.
grow tomatoes: Plant the seeds. Give them sun. Water them daily.
build a snowman: Roll a big ball. Add a head. Use a carrot for the nose.
send a parcel: Find a box. Write the address. Pay at the post office.
read a map: Find north. Look for your street. Follow the road.
make a bed: Shake the pillow. Pull up the sheet. Spread the blanket.
""")
