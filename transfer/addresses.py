"""Which addresses may be spoken to: encrypted ones, and those that nobody else can listen to."""

from __future__ import annotations

import ipaddress
import re

RULE = "must begin with https://; http:// is for the loopback only"
_HTTP = re.compile(r"http://(?:\[([^\]/?#]*)\]|([^\[\]:/?#@\\]*))(?::\d*)?(?:/.*)?", re.IGNORECASE)


def is_guarded(url: str) -> bool:
    """Whether it is https, or http to the loopback; anything in another form is not."""
    found = _HTTP.fullmatch(url)
    if not found:
        return url[:8].lower() == "https://"
    host = found[1] if found[1] is not None else found[2]
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_WEBHOOK = re.compile(r"https://(?!-)[A-Za-z0-9.-]+(:\d{1,5})?/[\x21-\x7e]+")


def is_webhook(url: str) -> bool:
    """Whether it is https with a path, which is the secret of it, and with no login before it."""
    return bool(_WEBHOOK.fullmatch(url))
