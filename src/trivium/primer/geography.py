"""The world's countries and well-known people: true facts, and which of them the demonstrations never show.

`split` is "seen" where demonstrations and prompts may name the entity, "dev" or "test" where only pre-training
documents and held-out items may.
Languages, currencies and continents are shared among countries, so those words may occur everywhere; countries,
capitals and people's names may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Split = Literal["seen", "dev", "test"]

DEV_COUNTRIES = frozenset({"France", "Norway", "Thailand", "Egypt", "Chile", "Hungary"})
TEST_COUNTRIES = frozenset({"Japan", "Poland", "Greece", "Nigeria", "Colombia", "Nepal"})


@dataclass(frozen=True)
class Country:
    """One country with its capital, its main language, its currency and its continent."""

    name: str
    capital: str
    language: str
    currency: str
    continent: str


@dataclass(frozen=True)
class Person:
    """One well-known person with the work they are known for and the country they came from."""

    name: str
    profession: str
    country: str


_COUNTRY_ROWS = """
France|Paris|French|euro|Europe
Germany|Berlin|German|euro|Europe
Italy|Rome|Italian|euro|Europe
Spain|Madrid|Spanish|euro|Europe
Portugal|Lisbon|Portuguese|euro|Europe
Greece|Athens|Greek|euro|Europe
Austria|Vienna|German|euro|Europe
Poland|Warsaw|Polish|zloty|Europe
Sweden|Stockholm|Swedish|krona|Europe
Norway|Oslo|Norwegian|krone|Europe
Denmark|Copenhagen|Danish|krone|Europe
Hungary|Budapest|Hungarian|forint|Europe
Romania|Bucharest|Romanian|leu|Europe
Iceland|Reykjavik|Icelandic|krona|Europe
Ukraine|Kyiv|Ukrainian|hryvnia|Europe
Croatia|Zagreb|Croatian|euro|Europe
Albania|Tirana|Albanian|lek|Europe
Japan|Tokyo|Japanese|yen|Asia
China|Beijing|Chinese|yuan|Asia
India|New Delhi|Hindi|rupee|Asia
Thailand|Bangkok|Thai|baht|Asia
Vietnam|Hanoi|Vietnamese|dong|Asia
Mongolia|Ulaanbaatar|Mongolian|tugrik|Asia
Iran|Tehran|Persian|rial|Asia
Jordan|Amman|Arabic|dinar|Asia
Nepal|Kathmandu|Nepali|rupee|Asia
Bangladesh|Dhaka|Bengali|taka|Asia
Malaysia|Kuala Lumpur|Malay|ringgit|Asia
Cambodia|Phnom Penh|Khmer|riel|Asia
Lebanon|Beirut|Arabic|pound|Asia
Oman|Muscat|Arabic|rial|Asia
Egypt|Cairo|Arabic|pound|Africa
Morocco|Rabat|Arabic|dirham|Africa
Tunisia|Tunis|Arabic|dinar|Africa
Libya|Tripoli|Arabic|dinar|Africa
Ghana|Accra|English|cedi|Africa
Nigeria|Abuja|English|naira|Africa
Angola|Luanda|Portuguese|kwanza|Africa
Zambia|Lusaka|English|kwacha|Africa
Peru|Lima|Spanish|sol|South America
Brazil|Brasilia|Portuguese|real|South America
Chile|Santiago|Spanish|peso|South America
Argentina|Buenos Aires|Spanish|peso|South America
Colombia|Bogota|Spanish|peso|South America
Uruguay|Montevideo|Spanish|peso|South America
Cuba|Havana|Spanish|peso|North America
Jamaica|Kingston|English|dollar|North America
Australia|Canberra|English|dollar|Oceania
"""

_PERSON_ROWS = """
Albert Einstein|physicist|Germany
Johannes Kepler|astronomer|Germany
Ludwig van Beethoven|composer|Germany
Sebastian Bach|composer|Germany
Wolfgang Mozart|composer|Austria
Franz Schubert|composer|Austria
Leonardo da Vinci|painter|Italy
Galileo Galilei|astronomer|Italy
Marco Polo|explorer|Italy
Pablo Picasso|painter|Spain
Miguel de Cervantes|writer|Spain
Vasco da Gama|explorer|Portugal
Hans Andersen|writer|Denmark
Niels Bohr|physicist|Denmark
Tycho Brahe|astronomer|Denmark
Astrid Lindgren|writer|Sweden
Confucius|philosopher|China
Rabindranath Tagore|poet|India
Omar Khayyam|poet|Iran
Jorge Borges|writer|Argentina
Bob Marley|singer|Jamaica
Claude Monet|painter|France
Victor Hugo|writer|France
Edvard Munch|painter|Norway
Franz Liszt|composer|Hungary
Marie Curie|physicist|Poland
Frederic Chopin|composer|Poland
Socrates|philosopher|Greece
Gabriel Marquez|writer|Colombia
"""

COUNTRIES: tuple[Country, ...] = tuple(Country(*row.split("|")) for row in _COUNTRY_ROWS.split("\n") if row)
PEOPLE: tuple[Person, ...] = tuple(Person(*row.split("|")) for row in _PERSON_ROWS.split("\n") if row)
CONTINENTS: tuple[str, ...] = ("Africa", "Asia", "Europe", "North America", "South America", "Oceania")


def country_split(name: str) -> Split:
    """Return where a country may be shown.

    >>> country_split("France"), country_split("India")
    ('dev', 'seen')
    """
    return "dev" if name in DEV_COUNTRIES else "test" if name in TEST_COUNTRIES else "seen"
