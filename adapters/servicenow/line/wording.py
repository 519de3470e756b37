"""Makes text fit for a ticket: no markup that the journal or a mail would run, no formula, no
control characters, no more than a field holds.
"""

from __future__ import annotations

import re

from transfer.visible import HIDDEN

TEXT_LIMIT = 4000
"""Characters of `description`, `close_notes` and of one journal entry."""
TITLE_LIMIT = 160
"""Characters of `short_description`."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Unicode's category Cc, but for the line feed and the tab."""
# The journal renders what stands between code tags as HTML (property
# glide.ui.security.allow_codetag, on by default). `[ff:` begins our own marks: in somebody else's
# words it would pass for a note that has arrived.
_OURS_OR_CODE = re.compile(r"\[(\s*/?\s*code\b[^\]\n]*|ff:[^\]\n]*)\]", re.IGNORECASE)
# The mail of a comment is HTML; a `<` that is followed by a blank begins no tag (WHATWG, 13.2.5.6).
_TAG = re.compile(r"<(?=[a-z/!?])", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@")


def clean(text: str, limit: int = TEXT_LIMIT, *, end: str = "") -> str:
    """`text` without what could do harm, cut to `limit` characters; `end` is never cut off.

    No spreadsheet takes it for a formula when a list of tickets is exported.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = HIDDEN.sub("", _CONTROL.sub("", storable(lines)))
    plain = _TAG.sub("< ", _OURS_OR_CODE.sub(r"(\1)", kept)).strip()
    text = f"'{plain}" if plain.startswith(_FORMULA) else plain
    tail = f"\n{end}" if end else ""
    return shorten(text, limit - len(tail)) + tail


def title(text: str) -> str:
    """One line."""
    return shorten(" ".join(clean(text).split()), TITLE_LIMIT)


def shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 2].rstrip() + " …"


def storable(text: str) -> str:
    """Without lone surrogates: no database and no encoder takes them."""
    return text.encode("utf-8", "replace").decode()
