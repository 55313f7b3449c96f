"""Settings of a watch that are checked before anything is loaded: the promise, and the webhook's address."""

from __future__ import annotations

from urllib.parse import urlsplit

from heatcam.errors import UsageError

#: Probability of ever telling of a drift that there is not.
FALSE_ALARMS = 0.01


def host_of(url: str) -> str:
    """Return an address for display: ``https://host``, without login, path and query, any of which may hold a secret.

    Raises:
        UsageError: it is no http:// or https:// address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if not host or not is_plain or parts.scheme.lower() not in ("http", "https"):
        raise UsageError("the webhook is no address", "give one that begins with https:// or http://")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme.lower()}://{shown}" + (f":{port}" if port else "")
