"""The subset of Markdown, escaping, and the small template language."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.core.consent_text import TextError, parse_markdown
from consent.core.markdown import escape
from consent.core.text_template import Safe, fill, parse_words, word

MODEST = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MODEST
@given(st.text(max_size=40))
def test_escaping_shows_exactly_the_characters(value: str) -> None:
    try:
        escaped = escape(value)
    except TextError:
        return
    if not value.strip() or value != value.strip():
        return
    (block,) = parse_markdown(f"{escaped}\n".encode())
    assert block.kind == "paragraph"
    assert "".join(span.text for span in block.spans) == value
    assert not any(span.strong for span in block.spans)


@pytest.mark.parametrize(
    "template",
    [
        "{{#a}}\nx",
        "{{/a}}",
        "{{#a}}\n{{/b}}",
        "{{nothing}}",
        "{{#text}}\n{{/text}}",
        "{{^text}}\n{{/text}}",
        "{{broken",
    ],
)
def test_a_broken_template_is_refused(template: str) -> None:
    with pytest.raises(TextError):
        fill(template, {"a": [], "text": Safe("x")})


def test_sections_repeat_and_are_left_out() -> None:
    values = {"yes": True, "no": False, "rows": [{"x": Safe("1")}, {"x": Safe("2")}], "empty": []}
    template = "{{#yes}}\nY\n{{/yes}}\n{{#no}}\nN\n{{/no}}\n{{#rows}}\n- {{x}}\n{{/rows}}\n{{^empty}}\nnone\n{{/empty}}"
    assert fill(template, values) == "Y\n- 1\n- 2\nnone\n"


@pytest.mark.parametrize(
    "text",
    [b"", b"x", b"x\r\n", b"\nx\n", b"x\n\n", b"a\n\n\nb\n", b"a\nb\n", b"# a\nb\n", b"*a*\n", b"[a](b)\n", b"<b>\n",
     b"**a\n", b"****\n", b"a \n", b" a\n", b"- - a\n", b"> # a\n", b"1. a\n", b"a\\\n", b"a\\b\n", b"a & b\n",
     b"\xff\n", "a\u202e\n".encode(), b"a\tb\n", b"#\n", b"- \n"],
)  # fmt: skip
def test_what_is_outside_the_subset_is_refused(text: bytes) -> None:
    with pytest.raises(TextError):
        parse_markdown(text)


def test_the_subset_is_read() -> None:
    blocks = parse_markdown(b"# A\n\nPlain **strong** \\*x\n\n- one\n- two\n\n> said\n")
    assert [block.kind for block in blocks] == ["h1", "paragraph", "item", "item", "quote"]
    assert [(span.text, span.strong) for span in blocks[1].spans] == [
        ("Plain ", False),
        ("strong", True),
        (" *x", False),
    ]


@pytest.mark.parametrize("words", ["a", "a=b", "a = ", "A = b", "a = b\na = c", " a = b"])
def test_a_line_that_is_no_word_is_refused(words: str) -> None:
    with pytest.raises(TextError):
        parse_words(words)


def test_a_word_takes_its_values_and_never_reads_them_again() -> None:
    words = parse_words("# comment\n\ngreet = Hello {{name}}\n")
    assert word(words, "greet", name="{{name}}") == "Hello {{name}}"
    with pytest.raises(TextError):
        word(words, "greet")
    with pytest.raises(TextError):
        word(words, "part")
