"""What must hold between the settings of the login at ServiceNow, in the plain data of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from config.instance import Auth

NEEDS = {
    "refresh_token": ("refresh_token",),
    "jwt": ("jwt.subject", "jwt.private_key"),
    "certificate": ("certificate",),
}
"""What a login needs beside `user` and `secret`."""
_ELSEWHERE = ("refresh_token", "jwt.subject", "jwt.private_key")
"""Settings that no other login uses; a certificate can be shown beside each of them."""


def complaints(servicenow: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong with it); a login that does not exist breaks no rule."""
    auth = servicenow.get("auth", "oauth")
    if auth not in get_args(Auth):
        return
    needed = NEEDS.get(auth, ())
    for setting in needed:
        if not _stated(servicenow, setting):
            yield setting, f"must be given with auth: {auth}"
    for setting in _ELSEWHERE:
        if setting not in needed and _stated(servicenow, setting):
            yield setting, f"is for auth: {setting.partition('.')[0]} only, not for auth: {auth}"


def _stated(servicenow: Mapping[str, Any], setting: str) -> bool:
    section, _, name = setting.partition(".")
    value = servicenow.get(section)
    if name:
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None
