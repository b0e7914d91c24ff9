"""The page of the report in a real browser: nothing is wider than a phone, and the dark is dark.

RAJEE_BROWSER names a Chromium (chromium).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from html import escape, unescape

import pytest
from past_runs import SPITEFUL, run_at

from rajee_deploy.report.metrics import figures
from rajee_deploy.report.page import page

BROWSER = os.environ.get("RAJEE_BROWSER", "chromium")
# The page in a frame of a given width: it is not touched, and its own policy would let no script ask it anything.
FRAME = """<!DOCTYPE html><html><head><meta name="color-scheme" content="light dark"><title></title></head><body>
<iframe width="{width}" height="900" style="border:0" srcdoc="{page}"></iframe><script>
document.querySelector("iframe").onload = event => {{
  const there = event.target.contentWindow, root = there.document.documentElement;
  document.title = JSON.stringify({{
    width: root.scrollWidth, inner: there.innerWidth, heads: there.document.querySelectorAll("h1").length,
    back: there.getComputedStyle(there.document.body).backgroundColor,
    charts: [...there.document.querySelectorAll("svg.chart")].map(chart => chart.getBoundingClientRect().height),
    loaded: there.performance.getEntriesByType("resource").length,
  }});
}};</script></body></html>"""
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 27)"


def answers(tmp_path, width: int, *flags: str) -> dict:
    """What the browser made of the page."""
    runs = [run_at(day, kind, 0.3 + day) for day in range(30) for kind in ("noop", "code", "infra")]
    runs += [run_at(30, kind=name, environment=name, built=(name,), error=name) for name in SPITEFUL]
    text = FRAME.format(width=width, page=escape(page(figures(runs), "shop")))
    (tmp_path / "page.html").write_text(text)
    argv = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    argv += [*flags, "--window-size=1400,1000", "--dump-dom", (tmp_path / "page.html").as_uri()]
    shown = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120).stdout
    return json.loads(unescape(re.search("<title>(.*?)</title>", shown, re.DOTALL)[1]))


@pytest.mark.parametrize("width", [400, 1200])
def test_nothing_is_wider_than_the_window(tmp_path, width):
    found = answers(tmp_path, width)
    assert found["width"] <= found["inner"] == width
    assert (found["heads"], found["loaded"]) == (1, 0)
    assert len(found["charts"]) == 7
    assert min(found["charts"]) > 150


@pytest.mark.parametrize(("flags", "back"), [((), LIGHT), (("--blink-settings=preferredColorScheme=0",), DARK)])
def test_the_page_is_as_light_as_the_reader_has_it(tmp_path, flags, back):
    assert answers(tmp_path, 800, *flags)["back"] == back
