"""Notes: Markdown comes out as HTML, and nothing that somebody types does harm."""

import pytest

from migrations_app.markdown import rendered


def test_what_notes_need_is_rendered():
    html = rendered(
        "# Cables\n\n*swapped* **two** `eth0`\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |"
    )
    for part in (
        "<h3>Cables</h3>",
        "<em>swapped</em>",
        "<code>eth0</code>",
        "<li>a</li>",
        "<td>1</td>",
    ):
        assert part in html


def test_a_link_leads_out_without_telling_from_where():
    assert 'rel="noopener noreferrer nofollow"' in rendered("[x](https://example.org)")


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](javascript:alert(1))",
    "![x](https://example.org/track.png)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](  java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    '<a href="#" onclick="alert(1)">x</a>',
    '<p style="position:fixed">x</p>',
    "<iframe src=//example.org></iframe>",
    "<svg/onload=alert(1)>",
    "<form action=/logout/><button>x</button></form>",
    '[x](https://example.org "onmouseover=alert(1)")',
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '<https://example.org/"onmouseover="alert(1)>',
    "```html\n</code></pre><script>alert(1)</script>\n```",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_runs_loads_or_styles_comes_through(text):
    import html.parser

    class Seen(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.attributes = set(), []

        def handle_starttag(self, tag, attrs):
            self.tags.add(tag)
            self.attributes += attrs

    seen = Seen()
    seen.feed(rendered(text))
    assert not seen.tags & {"script", "img", "iframe", "svg", "form", "style", "button", "math"}
    assert {name for name, _value in seen.attributes} <= {"href", "title", "rel", "start"}
    for name, value in seen.attributes:
        if name == "href":
            assert value.startswith(("https://", "http://", "mailto:"))
