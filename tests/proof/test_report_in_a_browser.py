"""The page of the report in a real browser: nothing is wider than a phone, and the dark is dark.

RAJEE_BROWSER names a Chromium (chromium).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from html import unescape

import pytest
from past_runs import SPITEFUL, run_at

from rajee_deploy.report.metrics import figures
from rajee_deploy.report.page import page

BROWSER = os.environ.get("RAJEE_BROWSER", "chromium")
ASK = """<script>
const here = document.documentElement, style = getComputedStyle(document.body);
document.title = JSON.stringify({
  width: here.scrollWidth, inner: innerWidth, back: style.backgroundColor,
  charts: [...document.querySelectorAll("svg.chart")].map(chart => chart.getBoundingClientRect().height),
  loaded: performance.getEntriesByType("resource").length,
});
</script></body>"""
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 27)"


def answers(tmp_path, width: int, *flags: str) -> dict:
    """What the browser made of the page: the page's own policy would let no script ask it."""
    runs = [run_at(day, kind, 0.3 + day) for day in range(30) for kind in ("noop", "code", "infra")]
    runs += [run_at(30, kind=name, environment=name, built=(name,), error=name) for name in SPITEFUL]
    text = re.sub(r"<meta http-equiv[^>]*>", "", page(figures(runs), "shop")).replace("</body>", ASK)
    (tmp_path / "page.html").write_text(text)
    argv = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    argv += [*flags, f"--window-size={width},900", "--dump-dom", (tmp_path / "page.html").as_uri()]
    shown = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120).stdout
    return json.loads(unescape(re.search("<title>(.*?)</title>", shown, re.DOTALL)[1]))


@pytest.mark.parametrize("width", [400, 1200])
def test_nothing_is_wider_than_the_window(tmp_path, width):
    found = answers(tmp_path, width)
    assert found["width"] <= found["inner"] == width
    assert found["loaded"] == 0
    assert len(found["charts"]) == 6
    assert min(found["charts"]) > 150


@pytest.mark.parametrize(("flags", "back"), [((), LIGHT), (("--blink-settings=preferredColorScheme=0",), DARK)])
def test_the_page_is_as_light_as_the_reader_has_it(tmp_path, flags, back):
    assert answers(tmp_path, 800, *flags)["back"] == back
