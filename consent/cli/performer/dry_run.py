"""A dry run in plain words: what these terms would allow, and what they would not."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from consent.core.resources import templates
from consent.core.text_template import parse_words
from consent.core.wire.offers import DryRun, Sample

# What a sample question varies, the member that holds it, the words for its values, and how it is said.
_VARIED = (
    ("purpose", "purpose", "purpose", "for"),
    ("content_tier", "content_tier", "tier", "going as far as"),
    ("territory", "territory", "region", "in"),
)


def in_words(dry_run: DryRun) -> Iterator[str]:
    """The lines to show: one per use that would be allowed, then what would not, by use."""
    yield "With this, they could:"
    for sample in dry_run.could:
        yield f"  + {_use(sample.asked)}, for example for {_word('purpose', sample.asked.get('purpose'))}"
    yield ""
    yield "They could not:"
    for use, samples in _by_use(dry_run.could_not).items():
        if any(sample.about == "use" for sample in samples):
            yield f"  - {use}"
            continue
        for about, member, prefix, says in _VARIED:
            values = [_word(prefix, each.asked.get(member)) for each in samples if each.about == about]
            if values:
                yield f"  - {use}, {says}: {'; '.join(values)}"


def _by_use(samples: Sequence[Sample]) -> Mapping[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(_use(sample.asked), []).append(sample)
    return found


def _use(asked: Mapping[str, object]) -> str:
    return f"{_word('use', asked.get('use'))} ({asked.get('use')})"


def _word(prefix: str, value: object) -> str:
    return _words().get(f"{prefix}.{value}", str(value))


@cache
def _words() -> Mapping[str, str]:
    return parse_words(templates("consent", "words", "1", "en.md").read_text(encoding="utf-8"))
