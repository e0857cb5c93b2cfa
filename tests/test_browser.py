"""The report and the reading view in a real browser: no script, no network, nothing too wide, no barrier."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from test_report import HOSTILE, hostile

from analysis import browse, find_spans
from analysis.corpus import Corpus
from analysis.figures import ROOT
from analysis.report import write_report

AXE = ROOT / "build" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")


@pytest.fixture(scope="module")
def pages(supplied_report: Path) -> list[Path]:
    """The report of the project's figures and articles, and the two pages to read."""
    return [supplied_report / "report.html", *sorted(supplied_report.glob("read/*.html"))]


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield made
        made.close()


@pytest.mark.parametrize(
    ("width", "medium", "scheme"), [(360, "screen", "light"), (1280, "screen", "dark"), (794, "print", "light")]
)
def test_quiet_and_never_too_wide(pages: list[Path], browser, width: int, medium: str, scheme: str) -> None:
    for path in pages:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.set_default_timeout(120_000)  # a loaded machine is no failure
        page.emulate_media(media=medium, color_scheme=scheme)
        said, asked = [], []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("request", lambda request, asked=asked: asked.append(request.url[:60]))
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert not said
        assert [url for url in asked if not url.startswith(("data:", path.as_uri()[:60]))] == []
        wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1], f"{path.name} is {wide[0]} wide at {width}"
        page.close()


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm install --prefix build/browser axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_barrier(pages: list[Path], browser, scheme: str) -> None:
    for path in pages:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        page.emulate_media(color_scheme=scheme)
        page.goto(path.as_uri())
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        serious = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], path.name
        page.close()


def test_a_box_hides_its_marks_without_script(pages: list[Path], browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(pages[1].as_uri())
    weight = "node => getComputedStyle(node).fontWeight"
    assert page.locator(".m.loaded").first.evaluate(weight) == "700"
    page.locator("#show-loaded").uncheck()
    assert page.locator(".m.loaded").first.evaluate(weight) == "400"
    page.close()


def test_a_mark_says_what_it_is_when_it_has_the_focus(pages: list[Path], browser) -> None:
    page = browser.new_page()
    page.goto(pages[1].as_uri())
    mark = page.locator(".m.loaded").first
    mark.focus()
    assert "counts in loaded" in mark.evaluate("node => getComputedStyle(node, '::after').content")
    page.close()


def test_hostile_text_runs_nothing(tmp_path: Path, browser) -> None:
    articles = tuple(hostile(number, text) for number, text in enumerate(HOSTILE))
    (tmp_path / "index.json").write_text("[]", encoding="utf-8")
    report = write_report(Corpus(articles, pd.DataFrame(), {}), find_spans(articles), tmp_path, [])
    for path in [report, *sorted(tmp_path.glob("read/*.html"))]:
        page = browser.new_page()
        page.set_default_timeout(120_000)
        ran, asked = [], []
        page.on("dialog", lambda dialog, ran=ran: ran.append(dialog.message) or dialog.dismiss())
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(path.as_uri())
        assert (ran, asked) == ([], [path.as_uri()])
        live = "script, iframe, svg, [onload], [onerror], [onfocus]"
        assert page.evaluate(f"document.querySelectorAll('{live}').length") == 0
        page.close()


def test_a_table_is_searched_by_words_and_asks_for_nothing(tmp_path: Path, browser) -> None:
    """With a hostile cell, which stays text: the frame's policy admits our script only."""
    cells = ["The dam is a Disgrace", "a disgrace, a betrayal", "Rain fell", *HOSTILE]
    path = tmp_path / "table.html"
    path.write_text(browse(pd.DataFrame({"context": cells, "n": range(len(cells))})).data, encoding="utf-8")
    page = browser.new_page()
    page.set_default_timeout(120_000)
    ran, asked = [], []
    page.on("dialog", lambda dialog: ran.append(dialog.message) or dialog.dismiss())
    page.on("pageerror", lambda error: ran.append(str(error)))
    page.on("console", lambda message: ran.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    frame = page.frame_locator("iframe")
    box, shown = frame.get_by_role("searchbox"), frame.locator("tbody tr:visible")
    assert shown.count() == len(cells)
    for words, rows, told in (("disgrace", 2, "2 of"), ("  DISGRACE dam ", 1, "1 of"), ("disgraced", 0, "0 of")):
        box.fill(words)
        assert shown.count() == rows and frame.locator("output").inner_text().startswith(told)
    box.fill("")
    assert shown.count() == len(cells)
    assert frame.locator("img, svg, iframe, script").count() == 1  # ours
    assert (ran, [url for url in asked if not url.startswith("about:")]) == ([], [path.as_uri()])
    page.close()
