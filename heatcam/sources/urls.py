"""Addresses of streams: recognise them, and hide their secrets."""

from __future__ import annotations

from urllib.parse import urlsplit

SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "tcp", "srt")
HIDDEN = "..."


def is_address(target: str) -> bool:
    """Return True if ``target`` is meant as an address rather than a file, whatever its scheme."""
    return "://" in target


def is_url(target: str) -> bool:
    """Return True if ``target`` is an address with a supported scheme."""
    return is_address(target) and target.partition("://")[0].lower() in SCHEMES


def public_url(url: str) -> str:
    """Return ``url`` for display and logs, without user, password and query, any of which may hold a secret.

    Some cameras take their password in the path (``/user=admin&password=x``): parts with ``=``, ``@``, ``&`` or ``;`` are hidden
    too.
    """
    scheme = url.partition("://")[0]
    try:
        parts = urlsplit(url)
        netloc, path = parts.netloc, parts.path
    except ValueError:  # such as a password with a bracket in it
        netloc, path = "", ""
    if not netloc:
        return f"{scheme}://{HIDDEN}"
    host = netloc.rpartition("@")[2] or HIDDEN
    shown = [HIDDEN if any(sign in part for sign in "=@&;") else part for part in path.split("/")]
    return f"{scheme.lower()}://{host}{'/'.join(shown)}"
