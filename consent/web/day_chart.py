"""A chart of counts by day or week, drawn by the server: bars of whole numbers for a template, with a table beside it.

Whoever reads it chooses how far back it goes, by the address (`?days=90`), so that no script is needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

STEP = 10  # of the drawing, in its own units
BAR = 7
HEIGHT = 100
LEAST = 2  # what was counted is seen, however small it is beside the rest; the table has the numbers
Counts = tuple[int, int]  # allowed, denied


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How many UTC days a chart shows, the last of them today, and how many of them stand in one bar."""

    days: int
    step: int = 1

    @property
    def by_week(self) -> bool:
        """Whether a bar is a week."""
        return self.step == WEEK

    def first_day(self, today: date) -> date:
        """The oldest day of a chart that ends today."""
        return today - timedelta(days=self.days - 1)

    def bar_of(self, day: date, today: date) -> date:
        """The first day of the bar that this day stands in. The oldest week may be a part of one."""
        back = (today - day).days // self.step * self.step + self.step - 1
        return max(self.first_day(today), today - timedelta(days=back))


WEEK = 7
MONTH, QUARTER, YEAR = Span(days=30), Span(days=90), Span(days=365, step=WEEK)
SPANS = {str(span.days): span for span in (MONTH, QUARTER, YEAR)}


def span_of(text: str) -> Span:
    """The span that an address asks for; the shortest where it asks for none that there is."""
    return SPANS.get(text, MONTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often it was allowed and denied, as numbers and as they are read."""

    allowed: int
    denied: int

    @property
    def allowed_words(self) -> str:
        """With a comma between thousands."""
        return f"{self.allowed:,}"

    @property
    def denied_words(self) -> str:
        """With a comma between thousands."""
        return f"{self.denied:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBar(Tally):
    """One UTC day, or a week from `day` on. The denied stand on the allowed; `y` and heights are from the top."""

    day: date
    x: int
    allowed_y: int
    allowed_height: int
    denied_y: int
    denied_height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChart(Tally):
    """All bars from the oldest on. `most` is the greatest sum of a bar, 0 where nothing was counted."""

    bars: Sequence[DayBar]
    most: int
    span: Span
    spans: Sequence[Span] = tuple(SPANS.values())

    @property
    def most_words(self) -> str:
        """With a comma between thousands."""
        return f"{self.most:,}"

    @property
    def width(self) -> int:
        """Of the drawing."""
        return len(self.bars) * STEP

    @property
    def height(self) -> int:
        """Of the drawing: two bars that are lifted to be seen may stand on each other."""
        return HEIGHT + LEAST

    @property
    def counted(self) -> Sequence[DayBar]:
        """The bars with a count, newest first: what a table has to say."""
        return [bar for bar in reversed(self.bars) if bar.allowed or bar.denied]


def day_chart(counts: Mapping[date, Counts], *, today: date, span: Span = MONTH) -> DayChart:
    """The days of the span; those that are not in `counts` had none."""
    sums: dict[date, Counts] = {}
    for back in reversed(range(span.days)):
        day = today - timedelta(days=back)
        bar = span.bar_of(day, today)
        (allowed, denied), (more, worse) = sums.get(bar, (0, 0)), counts.get(day, (0, 0))
        sums[bar] = (allowed + more, denied + worse)
    most = max(sum(counted) for counted in sums.values())
    bars = [_bar(place, day, counted, most) for place, (day, counted) in enumerate(sums.items())]
    return DayChart(
        span=span,
        bars=bars,
        allowed=sum(bar.allowed for bar in bars),
        denied=sum(bar.denied for bar in bars),
        most=most,
    )


def _bar(place: int, day: date, counted: Counts, most: int) -> DayBar:
    allowed, denied = counted
    allowed_height, denied_height = (_height(number, most) for number in counted)
    base = HEIGHT + LEAST
    return DayBar(
        day=day,
        allowed=allowed,
        denied=denied,
        x=place * STEP,
        allowed_y=base - allowed_height,
        allowed_height=allowed_height,
        denied_y=base - allowed_height - denied_height,
        denied_height=denied_height,
    )


def _height(number: int, most: int) -> int:
    return max(LEAST, number * HEIGHT // most) if number else 0
