"""Text to token ids and back: the one tokenizer class, trained here or made by others, saved in the Hugging Face
layout.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import tokenizers

from trivium.core.errors import CheckpointError
from trivium.records import Message
from trivium.text.byte_pair import fast_encoder
from trivium.text.chat import CHAT_TEMPLATE, ChatTokens, chat_tokens
from trivium.text.foreign import ForeignChat
from trivium.text.special import ASSISTANT, BOS, END, PAD, SYSTEM, USER, SpecialIds, resolve, token_text
from trivium.text.train import TokenizerConfig, train_backend
from trivium.text.wellformed import whole

__all__ = ["Tokenizer", "TokenizerConfig"]

_OUR_SETTINGS: dict[str, Any] = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": BOS,
    "eos_token": END,
    "pad_token": PAD,
    "additional_special_tokens": [SYSTEM, USER, ASSISTANT],
    "clean_up_tokenization_spaces": False,
}
_NAMED_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token")
_IDENTITY = ("normalizer", "pre_tokenizer", "model", "decoder", "added_tokens")


class Tokenizer:
    """Text ↔ ids, special tokens, chat template.

    A special token that somebody types is ordinary text: `encode("<|end|>")` never holds the id of the end of turn.
    Tokenizers trained here lose nothing: `decode(encode(text)) == text` for every text (halves of surrogate pairs
    become U+FFFD).
    """

    def __init__(
        self, backend: tokenizers.Tokenizer, settings: Mapping[str, Any], template: str | None, *, where: str
    ) -> None:
        """Take a finished `tokenizers` object; use `train` or `load` instead."""
        backend.encode_special_tokens = True  # typed special tokens are text
        backend.no_padding()
        backend.no_truncation()
        self._backend = backend
        self._settings = dict(settings)
        self._description: dict[str, Any] = json.loads(backend.to_str())
        added = self._description["added_tokens"]
        self._special_ids = {token["content"]: token["id"] for token in added if token["special"]}
        self.ids: SpecialIds = resolve(self._special_ids, settings, where=where)
        self._template = template if template is not None else CHAT_TEMPLATE if self.ids.has_roles else None
        self._fast = fast_encoder(backend, self._description)
        self._where = where
        self._foreign = self._foreign_chat()
        self.vocab_size: int = max(backend.get_vocab(with_added_tokens=True).values()) + 1
        """One more than the largest id: how many rows an embedding needs."""
        self.fingerprint: str = self._fingerprint()
        """SHA-256 of vocabulary, splitting, special tokens and chat template: equal fingerprints give equal ids."""

    @classmethod
    def train(cls, texts: Iterable[str], config: TokenizerConfig) -> Self:
        """Train on texts; see `TokenizerConfig`."""
        return cls(train_backend(texts, config), _OUR_SETTINGS, CHAT_TEMPLATE, where="a tokenizer just trained")

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Open a folder in the Hugging Face layout, ours or others'; CheckpointError says what is missing."""
        folder = Path(folder)
        path = folder / "tokenizer.json"
        description = _read_json(path, needed=True)
        _check_description(description, path)
        settings = _read_json(folder / "tokenizer_config.json", needed=False)
        for key, value in _read_json(folder / "special_tokens_map.json", needed=False).items():
            settings.setdefault(key, value)
        template_path = folder / "chat_template.jinja"
        template = template_path.read_text(encoding="utf-8") if template_path.is_file() else _inline_template(settings)
        return cls(tokenizers.Tokenizer.from_file(str(path)), settings, template, where=str(folder))

    def save(self, folder: Path | str) -> None:
        """Write tokenizer.json, tokenizer_config.json, special_tokens_map.json and chat_template.jinja."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        settings = {key: value for key, value in self._settings.items() if key != "chat_template"}
        names = (*_NAMED_TOKENS, "additional_special_tokens")
        specials = {key: settings[key] for key in names if settings.get(key)}
        (folder / "tokenizer.json").write_text(self._backend.to_str(pretty=True), encoding="utf-8")
        for name, content in (("tokenizer_config.json", settings), ("special_tokens_map.json", specials)):
            (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if self._template is not None:
            (folder / "chat_template.jinja").write_text(self._template, encoding="utf-8")

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, without document start."""
        text = whole(text)
        if self._fast is not None:
            return self._fast.encode_ordinary(text)
        ids: list[int] = self._backend.encode(text, add_special_tokens=False).ids
        return ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of many texts, encoded in parallel; equal to `encode` of each."""
        clean = [whole(text) for text in texts]
        if self._fast is not None:
            return self._fast.encode_ordinary_batch(clean)
        return [encoding.ids for encoding in self._backend.encode_batch_fast(clean, add_special_tokens=False)]

    def decode(self, ids: Sequence[int], skip_special: bool = True) -> str:
        """Return the text of ids; bytes that are no UTF-8 become U+FFFD."""
        text: str = self._backend.decode(list(ids), skip_special_tokens=skip_special)
        return text

    def chat(self, messages: Sequence[Message], *, reply_follows: bool) -> ChatTokens:
        """Return the ids and the loss mask of a conversation; `reply_follows` ends it where the assistant must speak.

        Prefix-preserving: `chat(messages[:k], reply_follows=True).ids` opens `chat(messages, …).ids` when
        `messages[k]` is the assistant's.
        """
        if self._foreign is not None:
            return self._foreign.chat(messages, reply_follows=reply_follows)
        if not self.ids.has_roles:
            self._role("a chat", None)
        return chat_tokens(messages, self.encode, self.ids, reply_follows=reply_follows)

    @property
    def bos_id(self) -> int:
        """Opens each document and chat."""
        return self.ids.bos

    @property
    def pad_id(self) -> int:
        """Fills batches."""
        return self.ids.pad

    @property
    def end_of_turn_id(self) -> int:
        """Ends each turn; where generation stops."""
        return self.ids.end_of_turn

    @property
    def system_id(self) -> int:
        """Opens a system turn."""
        return self._role(SYSTEM, self.ids.system)

    @property
    def user_id(self) -> int:
        """Opens a user's turn."""
        return self._role(USER, self.ids.user)

    @property
    def assistant_id(self) -> int:
        """Opens an assistant's turn."""
        return self._role(ASSISTANT, self.ids.assistant)

    @property
    def special_ids(self) -> frozenset[int]:
        """Every id that no text encodes to."""
        return frozenset(self._special_ids.values())

    @property
    def encodes_with_tiktoken(self) -> bool:
        """Whether `encode` runs through tiktoken (same ids, several times faster)."""
        return self._fast is not None

    def token(self, token_id: int) -> str:
        """Return how the vocabulary writes a token, for people who look at ids."""
        text: str | None = self._backend.id_to_token(token_id)
        if text is None:
            raise CheckpointError(
                f"no token has the id {token_id}; ids run from 0 to {self.vocab_size - 1}", where=self._where
            )
        return text

    def _role(self, name: str, found: int | None) -> int:
        if found is None:
            ids = {SYSTEM: self.ids.system, USER: self.ids.user, ASSISTANT: self.ids.assistant}
            missing = ", ".join(token for token, token_id in ids.items() if token_id is None)
            raise CheckpointError(
                f"{name} was asked for, but the tokenizer lacks the role tokens {missing}"
                + (
                    " and has no chat template"
                    if self._template is None
                    else "; its chat template writes roles in other ways"
                ),
                where=self._where,
                do="use chat(), which renders the template"
                if self._template
                else "add a chat_template.jinja, or train a tokenizer here",
            )
        return found

    def _foreign_chat(self) -> ForeignChat | None:
        if self._template is None or (self.ids.has_roles and self._template == CHAT_TEMPLATE):
            return None
        tokens = {name: token_text(self._settings.get(name)) for name in _NAMED_TOKENS}
        named = {name: text for name, text in tokens.items() if text is not None}
        return ForeignChat(self._backend, self._special_ids, self.ids, self._template, named, where=self._where)

    def _fingerprint(self) -> str:
        identity = {key: self._description.get(key) for key in _IDENTITY}
        identity |= {"template": self._template, "parts": asdict(self.ids)}
        text = json.dumps(identity, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _read_json(path: Path, *, needed: bool) -> dict[str, Any]:
    """Read an object, {} where an optional file is not there."""
    if not path.is_file():
        if not needed:
            return {}
        there = sorted(each.name for each in path.parent.iterdir())[:12] if path.parent.is_dir() else "no such folder"
        raise CheckpointError(
            f"wanted a tokenizer.json, found {there or 'an empty folder'}",
            where=str(path),
            do="give a folder that a tokenizer was saved to",
        )
    try:
        parsed = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(
            f"{path.name} is not valid JSON: {error}", where=str(path), do="copy the file again"
        ) from error
    if not isinstance(parsed, dict):
        raise CheckpointError(
            f"wanted an object in {path.name}, found {type(parsed).__name__}", where=str(path), do="copy the file again"
        )
    return parsed


def _check_description(description: Mapping[str, Any], path: Path) -> None:
    """Refuse a tokenizer.json without a vocabulary."""
    model = description.get("model")
    if not isinstance(model, dict) or not model.get("vocab") or not isinstance(description.get("added_tokens"), list):
        raise CheckpointError(
            f"wanted the keys `model.vocab` and `added_tokens` in {path.name}, found {sorted(description)}",
            where=str(path),
            do="give a tokenizer.json as the tokenizers library writes it",
        )


def _inline_template(settings: Mapping[str, Any]) -> str | None:
    """Return the chat template that older folders keep in tokenizer_config.json: a string, or a list of named ones."""
    found = settings.get("chat_template")
    if isinstance(found, list):
        found = next((each.get("template") for each in found if each.get("name") == "default"), None)
    return found if isinstance(found, str) else None
