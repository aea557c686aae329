"""Text to pieces: the one regular expression that every tokenizer trained here splits with before it looks for tokens.

The pattern names its characters itself and uses no table-dependent class (`\\p{L}`, `\\s`, `\\d`): two regex engines
with different Unicode versions (Oniguruma in tokenizers, Rust's regex in tiktoken) then cut every text alike, and a
new Unicode version changes nothing.
"""

from __future__ import annotations

MAX_PIECE_CHARS = 64
"""No piece is longer, so that encoding stays linear in the text even where a line has a million characters and no
blank.
"""

_NEWLINES = "\n\r"
_BLANKS = " \t\x0b\x0c\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DIGITS = "0-9\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\uff10-\uff19"
_MARKS = (
    "\\x00-\\x08\\x0e-\\x1f!-/:-@\\[-`{-\\x7f\x80-\x84\x86-\x9f"  # ASCII and Latin-1 controls, ASCII punctuation
    "\xa1-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7"  # Latin-1 punctuation and signs
    # dashes, quotes, arrows, symbols
    "\u200b-\u200f\u2010-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u206f\u20a0-\u20cf\u2190-\u2bff"
    "\u3001-\u3003\u3008-\u3020\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"  # East Asian punctuation
    "\U0001f000-\U0001faff"  # emoji and pictographs
)
_NOT_LETTERS = _NEWLINES + _BLANKS + _DIGITS + _MARKS
_RUN = f"{{1,{MAX_PIECE_CHARS}}}"

SPLIT_PATTERN = "|".join(
    [
        f"['\u2019](?:[sdmtSDMT]|ll|ve|re|LL|VE|RE)(?![^{_NOT_LETTERS}])",  # contractions, but not the start of 'tis
        f" ?[^{_NOT_LETTERS}]{_RUN}",  # a word with the blank before it
        f"[{_DIGITS}]",  # digits one by one, the same token whatever stands before: arithmetic needs it
        f" ?[{_MARKS}]{_RUN}",  # a run of punctuation
        f"[{_NEWLINES}]{_RUN}",  # a run of line ends
        f"[{_BLANKS}]{_RUN}(?![^{_NEWLINES}{_BLANKS}])",  # blanks, leaving the last one to the word behind
        f"[{_BLANKS}]{_RUN}",
    ]
)
"""Every character belongs to exactly one of letters, digits, marks, line ends, blanks, so every text is covered
without gaps.
"""
