"""Authentication with a server that asks for a login (401), Basic or Digest (RFC 7617 and 7616), for HTTP and RTSP alike.

FFmpeg has its own; this one is for probing a server and for reading MJPEG. It answers a challenge once: cameras lock accounts
after a few wrong logins.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote
from urllib.request import parse_http_list, parse_keqv_list

_HASHES = {"md5": hashlib.md5, "sha-256": hashlib.sha256}


@dataclass(frozen=True)
class Login:
    """User and password, which are shown nowhere.

    Attributes:
        user, password: as typed, with percent-encoding decoded.
    """

    user: str = field(repr=False)
    password: str = field(repr=False)

    @classmethod
    def of(cls, parts: SplitResult) -> Login | None:
        """Return the login in an address; None if it has none."""
        if parts.username is None:
            return None
        return cls(unquote(parts.username), unquote(parts.password or ""))

    def answer(self, challenges: Sequence[str], method: str, uri: str) -> str | None:
        """Return the ``Authorization`` header of a request, Digest before Basic; None for challenges of other kinds.

        Args:
            challenges: the ``WWW-Authenticate`` headers.
            method: the request's method, such as ``GET``.
            uri: the request's URI, exactly as in the request.
        """
        asked = {text.partition(" ")[0].lower(): text.partition(" ")[2] for text in reversed(challenges)}
        if "digest" in asked and (digest := self._digest(asked["digest"], method, uri)):
            return digest
        if "basic" in asked:
            pair = f"{self.user}:{self.password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return None

    def _digest(self, challenge: str, method: str, uri: str) -> str | None:
        said = parse_keqv_list(parse_http_list(challenge))
        algorithm = said.get("algorithm", "MD5")
        base, _, session = algorithm.lower().partition("-sess")
        if "nonce" not in said or base not in _HASHES:
            return None
        hashed, client = _HASHES[base], os.urandom(8).hex()

        def digest(*words: str) -> str:
            return hashed(":".join(words).encode()).hexdigest()

        realm, nonce = said.get("realm", ""), said["nonce"]
        secret = digest(self.user, realm, self.password)
        if session or algorithm.lower().endswith("-sess"):
            secret = digest(secret, nonce, client)
        request = digest(method, uri)
        fields = {"username": self.user, "realm": realm, "nonce": nonce, "uri": uri}
        if "auth" in [word.strip() for word in said.get("qop", "").split(",")]:
            fields |= {
                "response": digest(secret, nonce, "00000001", client, "auth", request),
                "cnonce": client,
            }
            plain = ", qop=auth, nc=00000001"
        else:
            fields["response"], plain = digest(secret, nonce, request), ""
        if "opaque" in said:
            fields["opaque"] = said["opaque"]
        quoted = ", ".join(f'{name}="{value}"' for name, value in fields.items())
        return f"Digest {quoted}, algorithm={algorithm}{plain}"
