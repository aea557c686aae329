"""Real pages, languages and damaged archives to how well they are read: `python -m bench.extraction_and_language
--data F`.

The folder holds what README.md names: `cc-webpages` with its ground truth (snippets that must be in the text of a page
and snippets that must not), `nltk-udhr2` (one declaration in hundreds of languages), `warc-samples` (some broken on
purpose).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from trivium.curation.extract import Extraction, main_text
from trivium.curation.language import LanguageSettings, known_languages, language
from trivium.curation.ledger import Ledger
from trivium.curation.read import SourceSpec, read_batches

CODES = """
ace:ace afr:af als:sq amh:am arb:ar auv:oc azj_cyrl:az azj_latn:az bcl:bcl bel:be ben:bn bos_cyrl:bs bos_latn:bs bre:br
bul:bg cat:ca ces:cs ckb:ku cmn_hans:zh cmn_hant:zh cym:cy dan:da deu:de deu_1901:de dzo:dz ell_monotonic:el
ell_polytonic:el eng:en epo:eo est:et eus:eu fao:fo fin:fi fra:fr fri:fy gax:om gla:gd gle:ga glg:gl gug:gug guj:gu
hat_kreyol:ht hat_popular:ht hau_NE:ha hau_NG:ha heb:he hin:hi hrv:hr hun:hu hye:hy ibo:ig ind:id isl:is ita:it jav:jv
jpn:ja kan:kn kat:ka kaz:kk khk:mn khk_mong:mn khm:km kin:rw kir:ky kor:ko lao:lo lat:la lat_1:la lav:lv lin:ln
lin_tones:ln lit:lt lnc:oc ltz:lb lug:lg mal:ml mar:mr mkd:mk mlt:mt mly_arab:ms mly_latn:ms mya:my nep:ne nld:nl
nno:nn nob:no nso:nso pan:pa pbu:ps pcm:pcm pes_1:fa pes_2:fa plt:mg pol:pl por_BR:pt por_PT:pt prv:oc quy:qu quz:qu
ron:ro ron_1953:ro ron_1993:ro rus:ru san:sa sin:si slk:sk slv:sl sme:se sna:sn som:so sot:st spa:es srp_cyrl:sr
srp_latn:sr swe:sv swh:sw tam:ta tat:tt tgk:tg tgl:tl tgl_tglg:tl tha:th tuk_cyrl:tk tuk_latn:tk tur:tr uig_arab:ug
uig_latn:ug ukr:uk urd:ur uzn_cyrl:uz uzn_latn:uz vec:vec vie:vi wln:wa xho:xh yor:yo zul:zu
"""
"""The declaration's file names (ISO 639-3, and the script or spelling) to the identifier's codes."""
OTHER_SCRIPTS = (
    "azj_cyrl", "bos_cyrl", "khk_mong", "mly_arab", "srp_latn", "tgl_tglg", "tuk_cyrl", "uig_latn", "uzn_cyrl",
)  # fmt: skip
"""Second files of a language in another script than the one it is mostly written in on the web."""
OTHER_SPELLINGS = (
    "auv", "cmn_hant", "deu_1901", "ell_polytonic", "hat_kreyol", "hau_NE", "lat_1", "lin_tones", "pes_2", "por_PT",
    "prv", "quz", "ron_1953", "ron_1993",
)  # fmt: skip
"""Second files of a language in its usual script: another spelling, country, dialect or member of a group."""


def extraction(data: Path, method: Extraction) -> dict[str, float]:
    """Return the shares of required and forbidden snippets in the texts, and MB/s."""
    folder = data / "cc-webpages"
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    pages = {path.name.removesuffix(".gz"): gzip.decompress(path.read_bytes()) for path in (folder / "html").iterdir()}
    main_text(next(iter(pages.values())), method)  # imports
    begun = time.process_time()
    texts = {name: main_text(page, method) for name, page in pages.items()}
    seconds = time.process_time() - begun
    found = {
        side: [snippet in texts[name] for name, row in truth.items() for snippet in row[side]]
        for side in ("with", "without")
    }
    shares = {side: sum(rows) / len(rows) for side, rows in found.items()}
    size = sum(map(len, pages.values())) / 1e6
    return shares | {"n_with": len(found["with"]), "n_without": len(found["without"]), "mb_per_second": size / seconds}


def languages(data: Path) -> dict[str, dict[str, Any]]:
    """Return the accuracy over the languages that the identifier knows: one file each, all files in their usual script,
    and all files.
    """
    codes = dict(pair.split(":") for pair in CODES.split())
    with zipfile.ZipFile(data / "nltk-udhr2" / "udhr2.zip") as archive:
        texts = {Path(name).stem: archive.read(name).decode() for name in archive.namelist() if name.endswith(".txt")}
    names = [name for name in sorted(texts) if codes.get(name) in known_languages()]
    told = language(pa.array([texts[name] for name in names], pa.large_string()), LanguageSettings()).column("language")
    wrong = {name: one for name, one in zip(names, told.to_pylist(), strict=True) if one != codes[name]}
    first = [name for name in names if name not in (*OTHER_SCRIPTS, *OTHER_SPELLINGS)]
    sets = {
        "one_file_each": first,
        "usual_script": [name for name in names if name not in OTHER_SCRIPTS],
        "all_files": names,
    }
    shares = {
        key: {"accuracy": 1 - len(set(wrong) & set(some)) / len(some), "n": len(some)} for key, some in sets.items()
    }
    return {**shares, "wrong": wrong}


def archives(data: Path) -> dict[str, object]:
    """Return how many documents the sample archives gave, and what their ledger counts."""
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "ledger.jsonl") as ledger:
        spec = SourceSpec(name="warc-samples", path=data / "warc-samples")
        files = Counter(
            row["where"].partition(":")[0] for batch in read_batches(spec, ledger) for row in batch.to_pylist()
        )
        return {"documents": dict(files), "dropped": dict(ledger.dropped), "repaired": dict(ledger.repaired)}


def main() -> int:
    """Measure and print one JSON document; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = os.environ.get("TRIVIUM_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None, required=data is None)
    asked = parser.parse_args()
    fast, precise = extraction(asked.data, "fast"), extraction(asked.data, "precise")
    told = languages(asked.data)
    bars = {
        "fast: at least 95 % of the required snippets": fast["with"] >= 0.95,
        "fast: at most 10 % of the forbidden snippets": fast["without"] <= 0.10,
        "fast: at least 12 MB/s": fast["mb_per_second"] >= 12,
        "precise: at least 95 % of the required snippets": precise["with"] >= 0.95,
        "precise: at most 5 % of the forbidden snippets": precise["without"] <= 0.05,
        "languages, one file each: accuracy of at least 0.95": told["one_file_each"]["accuracy"] >= 0.95,
        "languages, all files in the usual script: accuracy of at least 0.95": told["usual_script"]["accuracy"] >= 0.95,
    }
    document = {"fast": fast, "precise": precise, "languages": told, "archives": archives(asked.data), "bars": bars}
    print(json.dumps(document, indent=1, ensure_ascii=False))
    return 0 if all(bars.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
