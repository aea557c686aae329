"""A person's own page: how the pages look, password, what they chose to say about themselves, tokens, their data."""

from __future__ import annotations

import json
from typing import Any

from fastapi.responses import Response

from trivium.human.desk import people, profiles, tokens
from trivium.human.desk.actor import SCOPES
from trivium.human.desk.errors import Invalid
from trivium.studio import csrf, locales
from trivium.studio.here import Here
from trivium.studio.routes import get, post

CONSENT_TEXT = (
    "Everything here is optional. Deliveries and the quality page count it by groups of five people or more, under "
    "your pseudonym or none. You can take it back at any time; what was delivered before stays delivered."
)
DEMOGRAPHICS = (
    ("age", "Age group"),
    ("gender", "Gender"),
    ("region", "Region"),
    ("education", "Education"),
    ("ethnicity", "Ethnicity"),
)


def _shown(here: Here, token: str = "") -> Response:
    shared = profiles.get(here.db, here.actor)
    start: dict[str, Any] = {}
    if shared is not None:
        start = {
            **shared.demographics, "expertise": ", ".join(shared.expertise),
            "languages": ", ".join(f"{one['code']} {one['level']}" for one in shared.languages),
        }  # fmt: skip
    return here.page(
        "profile.html", token=token, given=here.given(**start), shared=shared is not None, demographics=DEMOGRAPHICS,
        consent_text=here.say(CONSENT_TEXT), locales=list(locales.names().items()), scopes=SCOPES,
        tokens=tokens.mine(here.db, here.actor),
    )  # fmt: skip


@get("/profile")
def profile_page(here: Here) -> Response:
    """Show it."""
    return _shown(here)


@post("/profile/habits", again=profile_page)
def keep_habits(here: Here) -> Response:
    """Keep language, theme and single keys."""
    locale = here.field("locale")
    if locale not in locales.names():
        raise Invalid({"locale": "choose one of the list"})
    people.set_habits(here.db, here.actor, locale=locale, single_keys=here.field("single_keys") == "1")
    answer = here.to("/profile", locales.say(locale, "Kept."))
    theme = here.field("theme")
    if theme in ("light", "dark"):
        answer.set_cookie("studio_theme", theme, max_age=365 * 24 * 3600, httponly=True, samesite="lax")
    else:
        answer.delete_cookie("studio_theme")
    return answer


@post("/profile/password", again=profile_page)
def change_password(here: Here) -> Response:
    """Set another password; every other session ends."""
    signed = people.change_password(
        here.db, here.actor, str(here.form.get("old") or ""), str(here.form.get("new") or "")
    )
    return here.begin(signed, "/profile", here.say("Changed. You are signed out everywhere else."))


@post("/profile", again=profile_page)
def share_profile(here: Here) -> Response:
    """Keep what the person chose to say, under the consent they gave."""
    languages = []
    for part in filter(None, (one.strip() for one in here.field("languages").split(","))):
        code, _, level = part.partition(" ")
        languages.append({"code": code[:16], "level": level.strip()[:16] or "fluent"})
    profiles.save(
        here.db, here.actor, languages=languages, consent=here.field("consent") == "1",
        expertise=[one.strip()[:64] for one in here.field("expertise").split(",") if one.strip()][:20],
        demographics={key: here.field(key)[:64] for key, _ in DEMOGRAPHICS if here.field(key)},
    )  # fmt: skip
    return here.to("/profile", here.say("Shared. Thank you."))


@post("/profile/withdraw", again=profile_page)
def withdraw_profile(here: Here) -> Response:
    """Delete what was shared."""
    profiles.forget(here.db, here.actor)
    return here.to("/profile", here.say("Deleted."))


@get("/profile/export")
def export_data(here: Here) -> Response:
    """Everything that is kept about the person, as one JSON file."""
    body = json.dumps(profiles.export(here.db, here.actor), ensure_ascii=False, indent=2, default=str)
    headers = {"Content-Disposition": f'attachment; filename="{here.actor.pseudonym}.json"'}
    return Response(body, media_type="application/json", headers=headers)


@post("/profile/erase", again=profile_page)
def erase(here: Here) -> Response:
    """Delete e-mail, name, password and profile; texts and marks stay under the pseudonym."""
    if here.field("sign") != here.actor.pseudonym:
        raise Invalid({"sign": f"type {here.actor.pseudonym}, your pseudonym"})
    profiles.erase(here.db, here.actor, with_texts=here.field("with_texts") == "1")
    answer = here.to("/sign-in", here.say("Erased."))
    answer.delete_cookie(csrf.SESSION_COOKIE)
    return answer


@post("/profile/tokens", again=profile_page)
def make_token(here: Here) -> Response:
    """Make a token and show it once."""
    token = tokens.create(here.db, here.actor, here.field("label"), here.many("scopes"))
    here.db.flush()
    return _shown(here, token)


@post("/profile/tokens/{token_id}/revoke", again=profile_page)
def revoke_token(here: Here, token_id: str) -> Response:
    """End a token."""
    tokens.revoke(here.db, here.actor, token_id)
    return here.to("/profile", here.say("Revoked."))
