"""Settings of the web service: who may use it, and its limits."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class UploadLimits:
    """Limits of what a request may send and how long it may take.

    Attributes:
        most_bytes: size of a request's body.
        most_pixels: width times height of a picture.
        decoding_s: seconds that decoding a picture may take.
        waiting_s: seconds from a request to its answer.
        queue_length: requests that may wait for the model; further ones are refused.
    """

    most_bytes: int = 20 * MEGABYTE
    most_pixels: int = 40_000_000
    decoding_s: float = 10.0
    waiting_s: float = 60.0
    queue_length: int = 16


@dataclass(frozen=True)
class ServeSettings:
    """Settings of the whole service.

    Attributes:
        token: what a user of another address than this machine's has to know; "" for none.
        allowed_hosts: names, in small letters and without ports, that a request may be for: its ``Host`` header. Addresses always
            may.
        limits: of what a request may send.
    """

    token: str = ""
    allowed_hosts: frozenset[str] = frozenset({"localhost"})
    limits: UploadLimits = UploadLimits()
