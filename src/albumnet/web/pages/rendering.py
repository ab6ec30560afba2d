"""From a template and what it shows to a response; every page knows what the server was started with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from albumnet.web.state import AppState

_ADVICE = {
    404: "It may have been left out of this album set, or the address was cut off on its way here.",
    429: "Many covers are being read just now. Wait a few seconds and load the page again.",
}


def app_state(request: Request) -> AppState:
    """What the server was started with."""
    state: AppState = request.app.state.albumnet
    return state


def render(request: Request, template: str, **context: Any) -> HTMLResponse:
    """A page; templates see `has_set`, `has_model`, `has_map`, `version` and `here`, the asked path."""
    return HTMLResponse(_fill(request, template, context))


def render_error(request: Request, status: int, message: str) -> str:
    """A page that says in one line what went wrong, and where to go from here."""
    return _fill(request, "error.html", {"code": status, "message": message, "advice": _ADVICE.get(status, "")})


def _fill(request: Request, template: str, context: Mapping[str, Any]) -> str:
    state = app_state(request)
    shared = {
        "here": request.url.path,
        "has_set": state.album_set is not None,
        "has_model": state.model is not None,
        "version": state.version,
        "has_map": state.mood_map is not None,
    }
    return _environment().get_template(template).render(shared | dict(context))


def axis_end(shares: list[float]) -> float:
    """Where the axis of some bars ends: the first quarter that none is longer than."""
    return next((end for end in (0.25, 0.5, 0.75) if max(shares, default=0.0) <= end), 1.0)


def mark_code(text: str) -> Markup:
    """Text in which what stands between backticks is code."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def initials(name: str) -> str:
    """Two letters in the place of a cover that is missing."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("albumnet.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        initials=initials,
        code=mark_code,
        count=lambda n: f"{n:,}",
        percent=lambda share: f"{100 * share:.0f}\N{NO-BREAK SPACE}%" if share >= 0.1 else _small_percent(share),
    )
    environment.globals["axis_end"] = axis_end
    return environment


def _small_percent(share: float) -> str:
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"
