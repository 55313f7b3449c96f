"""Signing in: the token, sent once by the page, becomes a cookie that its script cannot read."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from heatcam.web.access import Token
from heatcam.web.problems import Problem

_MONTH_S = 30 * 24 * 3600


class SessionFacts(BaseModel):
    """Need for a token, and whether this browser has given it."""

    needs_token: bool
    signed_in: bool


class SignIn(BaseModel):
    """The token, as it stands behind ``#token=`` in the address."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(max_length=1000, examples=["what stood behind #token="])


def session_router(token: Token) -> APIRouter:
    """Return the routes of ``/session``."""
    router = APIRouter(tags=["session"])

    @router.get("/session")
    async def facts(request: Request) -> SessionFacts:
        """Tell whether a token is needed and was given."""
        return SessionFacts(needs_token=token.is_needed, signed_in=token.lets_in(request.headers))

    @router.post("/session", status_code=204)
    async def sign_in(asked: SignIn, request: Request) -> Response:
        """Take the token and set the cookie that stands for it."""
        if token.is_needed and not token.is_right(asked.token):
            raise Problem(401, "this is not the token; it was printed when the service started")
        response = Response(status_code=204)
        response.set_cookie(
            token.cookie_name,
            token.cookie,
            max_age=_MONTH_S,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    return router
