"""What holds of every page whoever looks at it: controls have names, words can be read, nothing runs off a phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import PATIENCE_MS
from tests.console.callers import Callers
from tests.phone.running import Demo

pytestmark = [pytest.mark.browser, pytest.mark.process]
expect.set_options(timeout=PATIENCE_MS)

PAGES = ("now", "queue", "approvals", "calls", "numbers", "settings")
LEAST_CONTRAST = 4.5
"""Of text to its ground: WCAG 2.2, 1.4.3, level AA."""
NAMELESS = """() => {
  const labels = (e) => [...(e.labels ?? [])].map((label) => label.textContent);
  const name = (e) => [e.getAttribute("aria-label"), e.title, ...labels(e), e.textContent].join("").trim();
  const controls = [...document.querySelectorAll("button, a, input:not([type=hidden]), select, textarea, summary")];
  return controls.filter((e) => e.checkVisibility() && !name(e)).map((e) => e.outerHTML.slice(0, 120));
}"""
FAINT = """(least) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => below.map((value, at) => value * (1 - top[3]) + top[at] * top[3]);
  const ground = (e) => {
    const layers = [];
    for (let one = e; one; one = one.parentElement) layers.unshift(rgb(getComputedStyle(one).backgroundColor));
    return layers.reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    const words = texts.currentNode.textContent.trim();
    if (!words || !e.checkVisibility() || e instanceof SVGElement) continue;
    if (e.closest(":disabled, [data-state=ended]")) continue;
    const below = ground(e);
    const [one, two] = [light(over(rgb(getComputedStyle(e).color), below)), light(below)];
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (contrast < least) found.push(`${contrast.toFixed(2)} ${e.tagName}.${e.className}: ${words.slice(0, 40)}`);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_control_has_a_name_and_all_words_can_be_read(
    scheme: str, console: Page, demo: Demo, callers: Callers
) -> None:
    console.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    call = callers.call("Maria Gonzalez")
    callers.say(call, "Where is my technician?")
    callers.say(callers.call("Helen Park", "after_hours"), "It smells like gas in the basement")
    wrong = []
    for path in (*PAGES, f"calls/{call}"):
        console.goto(f"{demo.base}/console/{path}")
        expect(console.locator("main")).to_be_visible()
        wrong += [f"{path}: no name: {each}" for each in console.evaluate(NAMELESS)]
        wrong += [f"{path}: {each}" for each in console.evaluate(FAINT, LEAST_CONTRAST)]
    assert not wrong, "\n".join(wrong)


def test_on_a_phone_no_page_runs_off_and_every_section_is_in_sight(console: Page, demo: Demo) -> None:
    console.set_viewport_size({"width": 390, "height": 844})
    for path in PAGES:
        console.goto(f"{demo.base}/console/{path}")
        wide = console.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"
        for link in console.locator("nav a").all():
            box = link.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390, f"{path}: {link.inner_text()}"
