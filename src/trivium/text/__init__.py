"""Text to token ids and back: tokenizers, chat template, special tokens."""
