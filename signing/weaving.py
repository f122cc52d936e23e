"""Text of many rows that share most of it, put together in one pass (SPEC §9.2, §9.3: batches)."""

from collections.abc import Sequence


def weave(
    shared: Sequence[Sequence[str]],
    places: Sequence[int],
    *own: Sequence[str],
    before: Sequence[str] = (),
    after: str = "",
) -> str:
    """A list between the texts `before` and `after`: for each row the pieces that stand at its place in `shared`, with
    the row's own texts between them, and a comma between rows.

    Every element of `shared` has one piece more than there are `own` columns, and begins with the comma that the first
    row goes without; `places` and each column have one entry a row. With one column, `own[0]` = ["x", "y"] and
    `shared` = [(",<", ">")], it is `<x>,<y>`.
    """
    stride = 2 * len(own) + 1
    parts = [""] * (stride * len(places))
    for number, pieces in enumerate(zip(*shared, strict=True)):
        parts[2 * number :: stride] = map(pieces.__getitem__, places)
    for number, column in enumerate(own):
        parts[2 * number + 1 :: stride] = column
    if parts:
        parts[0] = parts[0][1:]
    parts[:0] = before  # apart from the rows: what is long is not copied twice
    parts.append(after)
    return "".join(parts)


def between_quotes(texts: Sequence[str]) -> Sequence[str]:
    """Printable ASCII as it stands between the quotation marks of a JSON string."""
    every = "".join(texts)
    if '"' not in every and "\\" not in every:
        return texts
    return [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
