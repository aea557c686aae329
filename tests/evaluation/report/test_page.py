from __future__ import annotations

import re
from html.parser import HTMLParser
from types import ModuleType

from jinja2 import StrictUndefined

from trivium.evaluation.report import ReportData, render
from trivium.evaluation.report.data import BatchRow, Estimate, Label, OriginRow, Piece, Sample, ScoreRow, Series, Task
from trivium.evaluation.report.page import environment

VOID = {"meta", "br", "link", "img", "input", "hr", "col", "path", "circle", "rect", "polyline", "use"}
HOSTILE = "</script><img src=x onerror=alert(1)><style>*{}</style>\"'&lt;{{ 7*7 }}{% raw %}</title>"


class Balance(HTMLParser):
    """Collects tags, attributes and text, and fails on a tag that does not close."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in {tag}"
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(page: str) -> Balance:
    parser = Balance()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_every_kind_of_run_gives_balanced_html(data: ReportData) -> None:
    page = render(data)
    parsed = read(page)
    assert page.startswith("<!doctype html>")
    assert "None" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    assert len(parsed.ids) == len(set(parsed.ids))


def test_a_page_asks_for_nothing_and_runs_nothing(data: ReportData) -> None:
    page = render(data)
    parsed = read(page)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in parsed.tags}
    for _, attributes in parsed.tags:
        assert not any(name.startswith("on") or name in ("style", "src", "srcset", "action") for name in attributes)
        assert all(value.startswith("#") for name, value in attributes.items() if name in ("href", "xlink:href") and value)
    assert "://" not in page
    assert "@import" not in page
    assert "url(" not in page
    policy = [found for _, found in parsed.tags if found.get("http-equiv") == "Content-Security-Policy"]
    assert policy[0]["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_links_inside_the_page_lead_somewhere(data: ReportData) -> None:
    parsed = read(render(data))
    goals = {(attributes.get("href") or "")[1:] for tag, attributes in parsed.tags if tag in ("a", "use")}
    labels = {attributes["aria-labelledby"] for _, attributes in parsed.tags if attributes.get("aria-labelledby")}
    assert goals <= set(parsed.ids)
    assert labels <= set(parsed.ids)


def test_the_page_depends_on_the_data_alone_and_survives_json(data: ReportData) -> None:
    again = ReportData.model_validate_json(data.model_dump_json())
    assert again == data
    assert render(again) == render(data)


def test_every_chart_says_its_values(sample: ModuleType) -> None:
    page = render(sample.whole())
    charts = re.findall(r'<svg class="(?:chart|interval|meanaxis)[^>]*role="img"[^>]*aria-labelledby="(\w+)"><title id="(\w+)">([^<]+)', page)
    assert len(charts) > 30
    assert all(label == name and re.search(r"\d", title) for label, name, title in charts)


def hostile(sample: ModuleType) -> ReportData:
    """A report in which every text is an attack."""
    whole = sample.whole()
    reply = sample.said(HOSTILE).model_copy(update={"labels": (Label(word=HOSTILE),)})
    estimate = Estimate(value=0.5, low=0.4, high=0.6, n=10)
    ranked = tuple(item.model_copy(update={"text": HOSTILE, "name": HOSTILE + item.name}) for item in whole.ranking.replies)
    return whole.model_copy(
        update={
            "run": sample.run_facts(recipe=HOSTILE, code_version=HOSTILE, command=HOSTILE, machine=HOSTILE, covers=HOSTILE, does_not_cover=HOSTILE, recipe_id=HOSTILE),
            "road": tuple(item.model_copy(update={"name": HOSTILE, "headline": HOSTILE, "unit": HOSTILE, "made": (HOSTILE,)}) for item in whole.road),
            "mix": HOSTILE,
            "scorecard": (ScoreRow(group=HOSTILE, label=HOSTILE, key=HOSTILE, value=0.1, bar=HOSTILE, bar_lines=(0.2,), verdict="missed"),
                          ScoreRow(group=HOSTILE, label=HOSTILE, key="k", value=None, undefined=HOSTILE)),
            "tasks": (Task(label=HOSTILE, base=estimate, sft=estimate),),
            "stories": (sample.stories()[0].model_copy(update={"asked": HOSTILE, "note": HOSTILE, "sft": reply}),),
            "stories_note": HOSTILE,
            "samples": (Sample(chosen="best", asked=HOSTILE, policy=reply.model_copy(update={"harmful": True})),),
            "batches": (whole.batches[0].model_copy(update={"stage": HOSTILE, "what": HOSTILE, "rows": (BatchRow(pieces=(Piece(text=HOSTILE, loss=True),), note=HOSTILE),)}),),
            "ranking": whole.ranking.model_copy(update={"prompt": HOSTILE, "rankers": (HOSTILE,) * 5, "replies": ranked, "contested": HOSTILE}),
            "curves": (whole.curves[0].model_copy(update={"title": HOSTILE, "unit": HOSTILE, "series": (Series(name=HOSTILE, points=((0, 1.0), (1, 2.0))),)}),),
            "origin": (OriginRow(stage=HOSTILE, artifact=HOSTILE, made_from=(HOSTILE,), licence=HOSTILE),),
            "again": (HOSTILE,),
            "text_language": 'en"><script>',
        }
    )  # fmt: skip


def test_hostile_text_stays_text_wherever_it_stands(sample: ModuleType) -> None:
    page = render(hostile(sample))
    parsed = read(page)
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("<style>") == 1
    assert "".join(parsed.text).count(HOSTILE) > 20


def test_a_name_that_no_template_gets_is_an_error(sample: ModuleType) -> None:
    assert environment().undefined is StrictUndefined
    assert environment().autoescape is True


def test_control_characters_and_lone_surrogates_are_shown_as_signs(sample: ModuleType) -> None:
    odd = "a\x00b\x1bc\ud800d\x85e"
    whole = sample.whole()
    page = render(whole.model_copy(update={"stories": (whole.stories[0].model_copy(update={"asked": odd}),)}))
    assert "a\u2400b\u241bc\ufffdd\ufffde" in page
    page.encode("utf-8")


def test_harmful_replies_are_folded_and_closed(sample: ModuleType) -> None:
    parsed = read(render(sample.whole()))
    folds = [attributes for tag, attributes in parsed.tags if tag == "details"]
    assert len(folds) == 2
    assert all("open" not in attributes for attributes in folds)


def test_texts_of_people_and_models_have_their_own_direction(sample: ModuleType) -> None:
    parsed = read(render(sample.whole()))
    texts = [attributes for _, attributes in parsed.tags if {"words", "tokens"} & set((attributes.get("class") or "").split())]
    texts = [attributes for attributes in texts if "key-line" not in (attributes["class"] or "")]
    assert len(texts) > 30
    assert all(attributes.get("dir") == "auto" and attributes.get("lang") == "en" for attributes in texts)


def test_the_loss_mask_is_seen_without_colour(sample: ModuleType) -> None:
    page = render(sample.whole())
    assert '<span class="t l"> Paris' in page or '<span class="t l">The' in page
    assert '<span class="t x l">&lt;|end|&gt;</span>' in page
    style = page[page.index("<style>") : page.index("</style>")]
    assert re.search(r"\.tokens \.l \{[^}]*border-block-end-color", style)
