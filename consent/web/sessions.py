"""Sessions of the pages: Django's, stored by digest and tied to one origin."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from consent.web.models import Session
from consent.web.origins import Origins, Place

Handler = Callable[[HttpRequest], HttpResponse]


def key_digest(key: str) -> str:
    """How a session is named in the database."""
    return hashlib.sha256(b"consent-registry/session/v1\x00" + key.encode()).hexdigest()


class SessionStore(DatabaseStore):
    """Django's store, but that the database knows the cookie's digest only, and one origin per session."""

    def __init__(self, session_key: str | None = None, *, place: Place = Place.MAIN) -> None:
        super().__init__(session_key)
        self.place = place

    @classmethod
    def get_model_class(cls) -> Any:
        """The rows behind it."""
        return Session

    def _get_session_from_db(self) -> Session | None:
        found = Session.objects.filter(
            session_key=key_digest(self.session_key or ""),
            origin=self.place.value,
            expire_date__gt=timezone.now(),
        ).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        """Whether a session of this cookie is kept."""
        return Session.objects.filter(session_key=key_digest(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to keep for `data`."""
        return Session(
            session_key=key_digest(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            origin=self.place.value,
            subject=str(data.get("subject", "")),
        )

    def delete(self, session_key: str | None = None) -> None:
        """Forget a session, this one unless another is named."""
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(session_key=key_digest(key)).delete()


def session_id(session: SessionBase) -> str:
    """The digest that names this session, which is kept from now on."""
    if session.session_key is None:
        session.create()
    return key_digest(str(session.session_key))


def leave(session: SessionBase) -> None:
    """Begin a new session, with a new cookie. The one before is kept, though no browser can name it any more."""
    session.clear()
    session._session_key = None  # what `flush` does after it deleted the row


def end_sessions(subject: str) -> int:
    """End every session of somebody, on both origins; how many."""
    return Session.objects.filter(subject=subject).delete()[0]


def with_sessions(get_response: Handler, origins: Origins) -> Handler:
    """Give each request the session of its origin; a host that is neither origin gets none that lasts."""

    def handle(request: HttpRequest) -> HttpResponse:
        place = origins.place_of(request)
        request.place = place  # type: ignore[attr-defined]  # read by `consent.web.page`
        key = None if place is None else request.COOKIES.get(origins.cookie(place))
        request.session = session = SessionStore(key, place=place or Place.MAIN)
        if place is not None:
            # Behind a proxy the scheme is the configured origin's: CSRF compares Origin headers with it.
            request.META["wsgi.url_scheme"] = "https" if origins.secure(place) else "http"
        response = get_response(request)
        if place is not None:
            _keep(request, response, session, key, origins=origins, place=place)
        return response

    return handle


def _keep(
    request: HttpRequest,
    response: HttpResponse,
    session: SessionStore,
    came_with: str | None,
    *,
    origins: Origins,
    place: Place,
) -> None:
    name = origins.cookie(place)
    if session.accessed:
        response.headers["Cache-Control"] = response.headers.get("Cache-Control", "no-store")
    if came_with and session.accessed and session.is_empty():
        response.delete_cookie(name, path="/", samesite="Lax")
        return
    if not session.modified or session.is_empty() or response.status_code >= 500:
        return
    try:
        session.save()
    except UpdateError:
        # It ended while this page was made, by signing out elsewhere or a key that went off; it stays ended.
        response.delete_cookie(name, path="/", samesite="Lax")
        return
    response.set_cookie(
        name,
        str(session.session_key),
        max_age=session.get_expiry_age(),
        path="/",
        secure=origins.secure(place),
        httponly=True,
        samesite="Lax",
    )
