"""The words of the vocabulary of human data as the interface shows them; keys are those of the records."""

from __future__ import annotations

from typing import get_args

from trivium.human.desk.review import REASONS as REVIEW_REASONS
from trivium.records import PromptLength, PromptType, ResponseType, TaskType

TASK_TYPES: dict[str, str] = {
    "generation": "Generation",
    "brainstorming": "Brainstorming",
    "open_qa": "Open question answering",
    "rewriting": "Rewriting",
    "summarization": "Summarization",
    "open_classification": "Open-ended classification",
    "closed_classification": "Closed-ended classification",
    "closed_qa": "Closed question answering",
    "extraction": "Extraction",
    "chain_of_thought": "Chain of thought",
}
TASK_HINTS: dict[str, str] = {
    "generation": "Write something new: a letter, a story, a plan.",
    "brainstorming": "Many ideas, not one answer.",
    "open_qa": "Answered from what one knows.",
    "rewriting": "Same content, other words.",
    "summarization": "The same, shorter.",
    "open_classification": "Name a kind, without a list to choose from.",
    "closed_classification": "Choose a kind from the list in the prompt.",
    "closed_qa": "Answered from the text in the prompt.",
    "extraction": "Take out what the text says, nothing else.",
    "chain_of_thought": "Reach the answer step by step.",
}
PROMPT_TYPES: dict[str, str] = {
    "instructive": "Instructive",
    "continuation": "Continuation",
    "in_context": "In-context learning",
}
PROMPT_LENGTHS: dict[str, str] = {"short": "under 100 words", "medium": "100–500 words", "long": "over 500 words"}
RESPONSE_TYPES: dict[str, str] = {
    "one_word": "One word",
    "short_phrase": "Short phrase",
    "single_sentence": "Single sentence",
    "descriptive": "Descriptive",
}
PROMPT_KEYS: dict[str, str] = {"instructive": "Instruction", "continuation": "Continuation", "in_context": "Examples"}
RESPONSE_KEYS: dict[str, str] = {
    "one_word": "Word", "short_phrase": "Phrase", "single_sentence": "Sentence", "descriptive": "Descriptive",
}  # fmt: skip
"""The same on keys, where there is little room."""
MARKS: dict[str, tuple[str, str]] = {
    "scene_setting": ("a scene", "where and when it happens"),
    "constraint": ("a constraint", "a length, a form, a thing to keep"),
    "persona": ("a persona", "written as or for somebody"),
}
DIMENSIONS: dict[str, str] = {
    "task_type": "Task",
    "prompt_type": "How the prompt asks",
    "prompt_length": "Prompt length",
    "response_type": "Form of the reply",
    "domain": "Domain",
    "language": "Language",
    "scene_setting": "Scene setting",
    "constraint": "Constraint",
    "persona": "Persona",
}
DOMAINS: tuple[str, ...] = (
    "business", "marketing", "healthcare", "history", "geography", "culture", "literature", "religion", "politics",
    "entertainment", "technology", "science", "mathematics", "household", "travel", "education", "law", "sports",
)  # fmt: skip
LANGUAGES: dict[str, str] = {
    "en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "it": "Italiano", "pt": "Português",
    "nl": "Nederlands", "pl": "Polski", "tr": "Türkçe", "ru": "Русский", "uk": "Українська", "ar": "العربية",
    "he": "עברית", "fa": "فارسی", "ur": "اردو", "hi": "हिन्दी", "bn": "বাংলা", "ta": "தமிழ்", "zh": "中文",
    "ja": "日本語", "ko": "한국어", "vi": "Tiếng Việt", "id": "Bahasa Indonesia", "th": "ไทย", "sw": "Kiswahili",
}  # fmt: skip
REASONS: dict[str, str] = {
    "not_true": "Not true",
    "unsafe_to_follow": "Unsafe to follow",
    "does_not_do_what_was_asked": "Does not do what was asked",
    "constraint_broken": "Constraint broken",
    "wrong_marks_or_cell": "Wrong marks or cell",
    "language_or_tone": "Language or tone",
    "not_own_words": "Not in the writer’s own words",
    "personal_data": "Personal data",
    "too_vague": "Too vague",
    "order_not_justified": "Order not justified",
}
NAMES: dict[str, str] = {
    **TASK_TYPES, **PROMPT_TYPES, **PROMPT_LENGTHS, **RESPONSE_TYPES, **DIMENSIONS, **REASONS, **LANGUAGES,
    "rank": "Order", "likert": "Scale", "binary": "Yes or no", "flag": "Flag", "text": "Words", "choice": "Choice",
}  # fmt: skip

assert set(REASONS) == set(REVIEW_REASONS), "the interface names every reason of a return"
assert set(TASK_TYPES) == set(get_args(TaskType)), "the interface names every task type of the records"
assert set(PROMPT_TYPES) == set(get_args(PromptType)), "the interface names every prompt type of the records"
assert set(PROMPT_LENGTHS) == set(get_args(PromptLength)), "the interface names every prompt length of the records"
assert set(RESPONSE_TYPES) == set(get_args(ResponseType)), "the interface names every response type of the records"
