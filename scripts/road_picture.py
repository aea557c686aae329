"""The stages of the road to docs/pictures/road.svg: circles where a machine works, squares where people come in.

    python scripts/road_picture.py
"""

from __future__ import annotations

from pathlib import Path

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "road.svg"
WIDTH, HEIGHT = 1120, 236
LINE_Y, FIRST_X, STEP = 96, 76, 121

# Leg, stage, what it makes, in two short lines, and whether people come in.
STAGES = (
    ("Pre-train", "corpus", "raw text, kept", "or dropped: why", False),
    ("Pre-train", "tokenizer", "BPE, WordPiece", "or Unigram", False),
    ("Pre-train", "pretrain", "a base model:", "it continues text", False),
    ("Fine-tune", "demonstrations", "people write", "prompt and reply", True),
    ("Fine-tune", "sft", "it answers,", "and stops", False),
    ("Reinforce", "comparisons", "people rank", "K replies each", True),
    ("Reinforce", "reward", "one score", "for a reply", False),
    ("Reinforce", "policy", "PPO on a leash:", "honest, harmless", False),
    ("Judge", "evaluate", "scorecard", "and report", False),
)
STYLE = """
  text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
  text { fill: #1b1e24; }
  .name { font-size: 14px; font-weight: 650; }
  .leg, .note, .more { font-size: 12px; }
  .leg { fill: #474c55; font-weight: 600; }
  .note, .more { fill: #62666e; }
  .ground { fill: #ffffff; stroke: #dcdcd7; }
  .rule { stroke: #dcdcd7; fill: none; }
  .line { stroke: #34439e; stroke-width: 2; fill: none; }
  .dash { stroke: #83868d; stroke-width: 1.5; stroke-dasharray: 4 4; fill: none; }
  .tip { fill: #83868d; }
  .stop { fill: #ffffff; stroke: #34439e; stroke-width: 2; }
  .people { fill: #34439e; stroke: #34439e; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #ebe9e4; }
    .leg { fill: #c1c0bb; }
    .note, .more { fill: #9c9d9e; }
    .ground { fill: #1b1e23; stroke: #31353c; }
    .rule { stroke: #31353c; }
    .line { stroke: #a9b5ff; }
    .dash { stroke: #767b84; }
    .tip { fill: #767b84; }
    .stop { fill: #1b1e23; stroke: #a9b5ff; }
    .people { fill: #a9b5ff; stroke: #a9b5ff; }
  }
"""


def picture() -> str:
    """Return the whole picture as SVG text."""
    told = "; ".join(f"{name}: {first} {second}" for _, name, first, second, _ in STAGES)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">',
        f'<title id="title">The road, from left to right. {told}. Findings come back only through people.</title>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="10"/>',
        *_legs(),
        f'<path class="line" d="M{_x(0)} {LINE_Y}H{_x(len(STAGES) - 1)}"/>',
        *_dashes(),
        *(part for index in range(len(STAGES)) for part in _station(index)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(index: int) -> int:
    return FIRST_X + index * STEP


def _legs() -> list[str]:
    names = [stage[0] for stage in STAGES]
    parts = []
    for leg in dict.fromkeys(names):
        first, last = _x(names.index(leg)) - 46, _x(len(names) - 1 - names[::-1].index(leg)) + 46
        parts.append(f'<text class="leg" x="{first}" y="28">{leg}</text><path class="rule" d="M{first} 36H{last}"/>')
    return parts


def _dashes() -> list[str]:
    base, shown, reinforced, end = (_x(index) for index in (2, 3, 7, 8))
    up, down = LINE_Y - 36, LINE_Y + 106
    ranked = _x(5)
    return [
        f'<path class="dash" d="M{base} {LINE_Y - 12}V{up}H{reinforced}V{LINE_Y - 16}"/>',
        f'<path class="tip" d="M{reinforced} {LINE_Y - 10}l-4 -8h8Z"/>',
        _note((base + reinforced) // 2, up - 6, "raw text is mixed into fine-tuning and PPO"),
        f'<path class="dash" d="M{end} {LINE_Y + 70}V{down}H{shown}V{LINE_Y + 76}M{ranked} {down}V{LINE_Y + 76}"/>',
        *(f'<path class="tip" d="M{x} {LINE_Y + 70}l-4 8h8Z"/>' for x in (shown, ranked)),
        _note((shown + end) // 2, down + 18, "what is found comes back only through people"),
    ]


def _note(x: int, y: int, text: str, kind: str = "note") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="middle">{text}</text>'


def _station(index: int) -> list[str]:
    _, name, first, second, people = STAGES[index]
    x = _x(index)
    mark = (
        f'<rect class="people" x="{x - 8}" y="{LINE_Y - 8}" width="16" height="16" rx="2"/>'
        if people
        else f'<circle class="stop" cx="{x}" cy="{LINE_Y}" r="8"/>'
    )
    lines = (("name", name, 30), ("more", first, 47), ("more", second, 62))
    return [mark, *(_note(x, LINE_Y + y, text, kind) for kind, text, y in lines)]


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
