"""The standalone page: one file, nothing from outside, text that cannot leave its element."""

from __future__ import annotations

import base64
import html
from html.parser import HTMLParser
from pathlib import Path

import pytest

from graphviz_ad.errors import RenderError
from graphviz_ad.render import html as page_module
from graphviz_ad.render.html import iframe, standalone_page

SCRIPT = 'const a = "</script><script>alert(1)</script>", b = `<!-- </SCRIPT`; x<scriptLength;'
STYLE = 'p::before { content: "</style><b>" }'
PAYLOAD = b"</script><!--<script>&amp;"


class Reader(HTMLParser):
    """Collects elements and the text of scripts and styles, as a browser would split them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[-1] += data

    def find(self, tag: str, **attributes: str) -> list[tuple[dict[str, str | None], str]]:
        return [
            (found, text)
            for (name, found), text in zip(self.elements, self.texts, strict=True)
            if name == tag and attributes.items() <= found.items()
        ]


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A front-end that tries to break out of its elements, in place of the built one."""
    static = tmp_path / "widget" / "static"
    static.mkdir(parents=True)
    (static / "stepper.js").write_text(SCRIPT, encoding="utf-8")
    (static / "stepper.css").write_text(STYLE, encoding="utf-8")
    monkeypatch.setattr(page_module.resources, "files", lambda _: tmp_path)
    return static


@pytest.mark.usefixtures("bundle")
def test_everything_is_in_its_place() -> None:
    title = '<Loss & "friends">'
    page = standalone_page(
        PAYLOAD, b"\0\1\xff", title=title, session={"step": 3}, theme="dark", height=500
    )
    reader = Reader(page)
    assert [tag for tag, _ in reader.elements].count("script") == 3
    (_, payload), (_, arrays), (_, script) = reader.find("script")
    assert base64.b64decode(payload) == PAYLOAD
    assert base64.b64decode(arrays) == b"\0\1\xff"
    assert script == SCRIPT.replace("</", "\\x3C/").replace("<!--", "\\x3C!--")
    assert reader.find("title")[0][1] == title
    ((attributes, _),) = reader.find("div")
    assert attributes == {
        "data-graphviz-ad": None,
        "data-session": '{"step": 3}',
        "data-theme": "dark",
        "data-height": "500",
    }
    assert not reader.find("b")


@pytest.mark.usefixtures("bundle")
def test_nothing_is_loaded_from_outside() -> None:
    page = standalone_page(b"{}", b"", title="t")
    reader = Reader(page)
    ((policy, _),) = reader.find("meta", **{"http-equiv": "Content-Security-Policy"})
    assert (policy["content"] or "").startswith("default-src 'none'; ")
    assert "http:" not in page
    assert "https:" not in page
    assert not any({"src", "href"} & attributes.keys() for _, attributes in reader.elements)
    # the policy must stand before anything that it governs
    assert page.index("Content-Security-Policy") < min(page.index("<script"), page.index("<style"))


@pytest.mark.usefixtures("bundle")
def test_iframe_holds_the_whole_page() -> None:
    page = standalone_page(PAYLOAD, b"abc", title="t")
    ((attributes, _),) = Reader(iframe(page, height=300, title='"x"')).find("iframe")
    assert attributes["srcdoc"] == page
    assert attributes["title"] == '"x"'
    assert attributes["sandbox"] == "allow-scripts"
    assert "height:300px" in (attributes["style"] or "")
    assert "width:100%" in (attributes["style"] or "")


def test_missing_bundle_says_how_to_build_it(bundle: Path) -> None:
    (bundle / "stepper.js").unlink()
    with pytest.raises(RenderError, match=r"no stepper\.js; run .pip install --editable"):
        standalone_page(b"{}", b"", title="t")


@pytest.mark.usefixtures("bundle")
def test_unknown_theme() -> None:
    with pytest.raises(RenderError, match="theme"):
        standalone_page(b"{}", b"", title="t", theme=html.escape("<"))  # type: ignore[arg-type]
