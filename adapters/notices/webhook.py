"""One JSON document to a webhook, whose address is a secret: it is in no error and in no log."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from transfer.addresses import is_webhook
from transfer.errors import Code, Permanent

LIMIT = 4096
"""Bytes of an answer that are read."""
_WORD = re.compile(r"[a-z][a-z_]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """`secret` reads the address; `timeout` is in seconds; `ca_file` is in place of the system's.

    A proxy is taken from the environment (HTTPS_PROXY), a login from nowhere.
    """

    secret: Callable[[], str]
    timeout: float
    ca_file: str | None = None

    def post(self, document: Any) -> tuple[int, str]:
        """Status and body of a success, 200 to 299. Raises Permanent `notice.failed`."""
        url = self.secret()
        if not is_webhook(url):
            raise failed("The secret is no address https://host/path of a webhook.")
        host = urlsplit(url).hostname
        try:
            status, body = self._posted(url, document)
        except requests.exceptions.SSLError:
            why = f"The certificate of {host} is not trusted."
        except requests.exceptions.Timeout:
            why = f"{host} gave no answer within {self.timeout:g} s."
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            why = f"{host} was not reached, or gave no whole answer ({type(error).__name__})."
        else:
            if status // 100 == HTTPStatus.OK // 100:
                return status, body
            why = _refusal(str(host), status, body)
        # Out here: the library's errors have the address in their words.
        raise failed(why)

    def _posted(self, url: str, document: Any) -> tuple[int, str]:
        with (
            requests.Session() as session,
            session.post(
                url,
                data=json.dumps(document, ensure_ascii=False).encode(),
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=self.timeout,
                verify=self.ca_file or True,
                allow_redirects=False,
                stream=True,
                auth=lambda request: request,  # else a .netrc is looked into
            ) as answer,
        ):
            body = answer.raw.read(LIMIT, decode_content=True)
            return answer.status_code, body.decode(errors="replace").strip()


def failed(why: str) -> Permanent:
    return Permanent(Code.NOTICE_FAILED, why)


def _refusal(host: str, status: int, body: str) -> str:
    if status // 100 == HTTPStatus.MULTIPLE_CHOICES // 100:
        return f"{host} wants FileFerry to go elsewhere (HTTP {status}), which it does not."
    # Slack's reasons are such words; any other text may hold what was sent, and where.
    word = f", {body}" if _WORD.fullmatch(body) else ""
    return f"{host} refused it (HTTP {status}{word})."
