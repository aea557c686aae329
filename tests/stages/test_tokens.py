"""Token shards: every document once in its order, or a mix; and each span knows its source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stages.given import artifact, context
from trivium.core.errors import InputError, TriviumError
from trivium.core.kinds import Corpus, TokenizerFiles
from trivium.curation.contamination import EVALUATION, index_items
from trivium.curation.mix import MixSettings
from trivium.records import Document, read_records
from trivium.stages.tokenizer import MixedTokenizerConfig, tokenizer
from trivium.stages.tokens import TokensConfig, tokens
from trivium.text.tokenizer import Tokenizer
from trivium.training.shards import TokenShards

ENGLISH = [f"The cat number {index} sat on the mat and looked at the dog in the garden." for index in range(30)]
GERMAN = [f"Der Hund Nummer {index} schläft im Garten und die Katze sieht ihm dabei zu." for index in range(10)]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    rows = [Document.of(text, source="english") for text in ENGLISH] + [
        Document.of(text, source="german") for text in GERMAN
    ]
    return artifact(Corpus, tmp_path / "corpus", {"documents": rows, "heldout": rows[::4]})


@pytest.fixture
def words(corpus: Corpus, tmp_path: Path) -> TokenizerFiles:
    given = context(tmp_path / "tokenizer")
    tokenizer(corpus, MixedTokenizerConfig(vocab_size=400), given)
    return artifact(TokenizerFiles, given.out, {})


def made(corpus: Corpus, words: TokenizerFiles, folder: Path, config: TokensConfig) -> TokenShards:
    given = context(folder)
    tokens(corpus, words, config, given)
    return TokenShards.open(given.out / "train")


def texts(shards: TokenShards, words: TokenizerFiles) -> list[str]:
    encoder = Tokenizer.load(words.path)
    return [encoder.decode(shards.document(index).tolist()) for index in range(shards.num_documents)]


def test_every_document_is_there_once_with_its_source(corpus: Corpus, words: TokenizerFiles, tmp_path: Path) -> None:
    shards = made(corpus, words, tmp_path, TokensConfig(shard_tokens=300))
    assert texts(shards, words) == ENGLISH + GERMAN
    assert len(shards.info.shards) > 2
    assert shards.info.sources == ("english", "german")
    assert shards.source_numbers().tolist() == [0] * 30 + [1] * 10


def test_a_mix_repeats_a_small_source_and_keeps_the_budget(
    corpus: Corpus, words: TokenizerFiles, tmp_path: Path
) -> None:
    whole = made(corpus, words, tmp_path / "whole", TokensConfig())
    mix = MixSettings(weights={"english": 1, "german": 1}, budget=whole.num_tokens)
    shards = made(corpus, words, tmp_path / "mixed", TokensConfig(mix=mix))
    found = texts(shards, words)
    numbers = shards.source_numbers()
    spent = np.bincount(numbers, shards.lengths())
    assert shards.num_tokens <= whole.num_tokens
    assert abs(spent[0] - spent[1]) < 60
    assert set(GERMAN) < set(found)
    assert len(set(found) & set(ENGLISH)) < 30
    assert [shards.info.sources[n] for n in numbers] == ["german" if text in GERMAN else "english" for text in found]
    assert shards.num_bytes == sum(len(text.encode()) for text in found)
    again = made(corpus, words, tmp_path / "again", TokensConfig(mix=mix))
    assert texts(again, words) == found


def test_a_budget_smaller_than_any_document_is_refused(corpus: Corpus, words: TokenizerFiles, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no document fits the budget"):
        made(corpus, words, tmp_path, TokensConfig(mix=MixSettings(budget=3)))


def test_compression_is_told_by_source_and_language(corpus: Corpus, tmp_path: Path) -> None:
    given = context(tmp_path)
    tokenizer(corpus, MixedTokenizerConfig(vocab_size=400), given)
    heldout = [row.text for row in read_records(corpus.path / "heldout.jsonl", Document) if row.source == "german"]
    num_tokens = sum(map(len, Tokenizer.load(given.out).encode_batch(heldout)))
    found = given.metrics["bytes_per_token.source.german"]
    assert (found.value, found.n) == (sum(len(text.encode()) for text in heldout) / num_tokens, num_tokens)
    assert {key for key in given.metrics if ".language." in key} == {
        "bytes_per_token.language.en",
        "bytes_per_token.language.de",
    }


def test_a_tokenizer_of_a_mix_learns_what_has_weight(corpus: Corpus, tmp_path: Path) -> None:
    packed = {}
    for name, weights in (("english", {"english": 1, "german": 0}), ("german", {"english": 0, "german": 1})):
        given = context(tmp_path / name)
        tokenizer(corpus, MixedTokenizerConfig(vocab_size=400, mix=MixSettings(weights=weights)), given)
        packed[name] = given.metrics["bytes_per_token.source.german"].value
    assert packed["german"] > 1.5 * packed["english"]


def test_the_finished_store_is_searched_for_evaluation_items(
    corpus: Corpus, words: TokenizerFiles, tmp_path: Path
) -> None:
    index_items([Document(id="e:1", text=GERMAN[3], source="e")], 13).save(corpus.path / EVALUATION)
    with pytest.raises(TriviumError, match=r"document 33 of the token store holds an evaluation item: e:1"):
        made(corpus, words, tmp_path / "leaky", TokensConfig())
    index_items([Document(id="e:1", text="other " * 20, source="e")], 13).save(corpus.path / EVALUATION)
    given = context(tmp_path / "clean")
    tokens(corpus, words, TokensConfig(), given)
    assert (given.metrics["contaminated_documents"].value, given.metrics["contaminated_documents"].n) == (0, 40)


def test_what_was_encoded_before_a_kill_is_not_encoded_again(
    corpus: Corpus, words: TokenizerFiles, tmp_path: Path
) -> None:
    wanted = texts(made(corpus, words, tmp_path, TokensConfig()), words)
    done = tmp_path / "scratch" / "train" / "encoded-00000.json"
    before = done.stat().st_mtime_ns
    assert texts(made(corpus, words, tmp_path, TokensConfig()), words) == wanted
    assert done.stat().st_mtime_ns == before
