"""The pages as a browser lays them out: nothing is cut, and nobody scrolls sideways."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from sandbox.servicenow import ServiceNow
from tests.sandbox.servicenow.clients import Api
from tests.servers import chromium

PHONE, FOUR_FIFTHS = 360, 1024
"""Pixels: a phone held upright, and four fifths of a screen of 1280."""
LONG = "s3://fileferry-exports/quarterly-reports/2026/" + "a-long-name-without-a-blank" * 3 + ".csv"
FRAMES = """<!doctype html><meta charset="utf-8"><title>frames</title>%s<pre id="told"></pre>
<script>
addEventListener("load", () => {
  const told = [...document.querySelectorAll("iframe")].map(frame => {
    const page = frame.contentDocument, wide = frame.clientWidth;
    const over = [...page.querySelectorAll("body *")].filter(each => {
      const style = frame.contentWindow.getComputedStyle(each);
      const cut = style.overflowX != "visible" && each.scrollWidth > each.clientWidth;
      return cut || each.getBoundingClientRect().right > wide + 0.5;
    });
    return {name: frame.name, wide: wide, needed: page.documentElement.scrollWidth,
            over: over.map(each => each.outerHTML.slice(0, 200))};
  });
  document.getElementById("told").textContent = JSON.stringify(told);
});
</script>
"""


@pytest.fixture
def addresses(servicenow: ServiceNow) -> list[str]:
    """Of pages that are as full as they get."""
    instance = servicenow.instance
    answers = {"source": f"{LONG}\ns3://a/b.csv", "destination": "partner", "path": LONG[5:]}
    item = instance.order(answers, by="anna.berg")
    words = f"{item['number']} {LONG} → partner: delivered"
    ticket = instance.create(
        "incident",
        {"correlation_id": item["number"], "urgency": "2", "short_description": words}
        | {"work_notes": f"SHA-256 {'5891b5b5' * 8}\n{LONG}", "close_notes": LONG},
    )
    with Api(servicenow, "admin") as api:
        name = "receipt.json"
        place = {"table_name": "incident", "table_sys_id": ticket["sys_id"], "file_name": name}
        api.call("POST", "/api/now/attachment/file", params=place, data=b"{}")
    return ["/", f"/record/incident/{ticket['sys_id']}", "/order"]


def frame(name: str, page: str, wide: int) -> str:
    still = html.escape(page.replace('http-equiv="refresh"', ""))
    return f'<iframe name="{name}" width="{wide}" height="2000" srcdoc="{still}"></iframe>'


def test_nothing_is_cut_and_nobody_scrolls_sideways(
    servicenow: ServiceNow, addresses: list[str], tmp_path: Path
) -> None:
    with Api(servicenow) as browser:
        pages = {address: browser.get(address).text for address in addresses}
    assert "receipt.json" in pages["/"]
    frames = [
        frame(address, page, wide)
        for address, page in pages.items()
        for wide in (PHONE, FOUR_FIFTHS)
    ]
    frames.append(frame("too wide", '<div style="width: 500px">x</div>', PHONE))
    file = tmp_path / "frames.html"
    file.write_text(FRAMES % "".join(frames), "utf-8")
    said = chromium.look(file, "--dump-dom")
    if not said:
        # It has died of itself, as one without a screen may. What it does say is judged.
        pytest.skip("Chromium said nothing")
    found = re.search(r'<pre id="told">(.+?)</pre>', said)
    assert found, said
    *told, control = json.loads(html.unescape(found[1]))
    assert [(each["name"], each["needed"], each["over"]) for each in told] == [
        (address, wide, []) for address in pages for wide in (PHONE, FOUR_FIFTHS)
    ]
    assert control["needed"] > PHONE
    assert control["over"]
