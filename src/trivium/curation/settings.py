"""What a recipe says about curation: which steps are taken, and what each keeps."""

from __future__ import annotations

from pydantic import Field, model_validator

from trivium.core.config import Config
from trivium.curation.clean import CleanSettings
from trivium.curation.language import LanguageSettings
from trivium.curation.lexicon import LexiconSettings
from trivium.curation.minhash import MinHashSettings
from trivium.curation.presidio import PresidioSettings
from trivium.curation.privacy import PrivacySettings
from trivium.curation.rules import Rule, chosen

GROUPS = ("gopher_quality", "gopher_repetition", "c4", "fineweb")
"""Of trivium.curation.rules."""


class LanguageRule(Config):
    """Which languages are kept: all where `keep` is empty, and then they are only found out."""

    keep: tuple[str, ...] = ()
    """ISO 639-1 codes, such as `en`."""
    min_confidence: float = Field(default=0.5, ge=0, le=1)
    """Less sure than this is not kept, unless all languages are."""
    sample: LanguageSettings = LanguageSettings()
    """How much of each text is looked at."""


class Bounds(Config):
    """What a score must lie between; a side that is left out is open."""

    low: float | None = None
    high: float | None = None


class QualityRules(Config):
    """The groups of rules that judge a document by counting, and the bounds of single rules, changed by name."""

    groups: tuple[str, ...] = GROUPS
    bounds: dict[str, Bounds] = Field(default_factory=dict)

    def chosen(self) -> tuple[Rule, ...]:
        """Return the rules; RecipeError on an unknown name."""
        return chosen(self.groups, {name: (bounds.low, bounds.high) for name, bounds in self.bounds.items()})


class BadWords(Config):
    """A document with a larger share of bad words is dropped."""

    max_share: float = Field(default=0.02, ge=0, le=1)
    words: LexiconSettings = LexiconSettings()


class Examples(Config):
    """A document less like the good examples of the sources than this is dropped; they need good and bad ones."""

    min_score: float = Field(default=0.5, ge=0, le=1)


class Toxicity(Config):
    """A document with a passage more like the toxic examples of the sources than this is dropped; they need toxic and
    harmless ones.

    It knows what the examples show, in their language, and nothing else: harm said in clean words, and other languages,
    it does not see, and a text about slurs it may take for one that uses them.
    """

    max_score: float = Field(default=0.9, ge=0, le=1)
    passage_words: int = Field(default=100, ge=1)
    """A document is scored by its worst passage of about so many words."""


class Decontamination(Config):
    """A document that shares runs of words with evaluation items of the sources is dropped."""

    num_words: int = Field(default=13, ge=3)
    """Length of a run; shorter items cannot be found."""
    min_matches: int = Field(default=1, ge=1)
    """So many runs must be shared."""


class NearDuplicates(Config):
    """MinHash with banding: two documents in one bucket of any band are compared by their signatures.

    With 120 hashes in 20 bands of 6, two documents of Jaccard similarity 0.8 share a bucket with probability
    1 - (1 - 0.8^6)^20 = 0.998; the comparison then keeps apart what is less alike than `min_similarity`.
    """

    signature: MinHashSettings = MinHashSettings(num_hashes=120)
    num_bands: int = Field(default=20, ge=1)
    min_similarity: float = Field(default=0.7, ge=0, le=1)
    """Share of equal entries of two signatures, which estimates the Jaccard similarity of their runs of words."""

    @model_validator(mode="after")
    def _bands_divide(self) -> NearDuplicates:
        if self.signature.num_hashes % self.num_bands:
            raise ValueError(f"num_bands = {self.num_bands} must divide num_hashes = {self.signature.num_hashes}")
        return self


class RepeatedParagraphs(Config):
    """A paragraph that stands in the corpus more often than this is taken out of the later documents."""

    min_characters: int = Field(default=100, ge=1)
    """Shorter paragraphs may repeat."""
    max_copies: int = Field(default=1, ge=1)


class CurationSettings(Config):
    """What is kept. A section that is left out is a step not taken; exact duplicates are always dropped."""

    min_characters: int = Field(default=16, ge=0)
    heldout_share: float = Field(default=0.02, ge=0, lt=1)
    """Applies where the source holds nothing out itself. It is a share of whole texts: the pieces of one file or row
    are all held out, or none is."""
    clean: CleanSettings | None = None
    language: LanguageRule | None = None
    quality: QualityRules | None = None
    bad_words: BadWords | None = None
    toxicity: Toxicity | None = None
    examples: Examples | None = None
    privacy: PrivacySettings | None = None
    presidio: PresidioSettings | None = None
    """Names and places, by a language model of yours (the extra `presidio`)."""
    decontamination: Decontamination | None = None
    near_duplicates: NearDuplicates | None = None
    repeated_paragraphs: RepeatedParagraphs | None = None
