"""Header: whether rows name their columns or already are data, and what the columns are called.

Belongs here: the evidence for and against a header row, how many rows it has, joining them to names. Does not belong
here: where the table begins (`table.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from transforms.reading.cells import STRICT, TYPED, column_kind, kind_of

ROWS_LIMIT = 4
"""A header has at most so many rows."""
_COMMON_NAMES = frozenset({
    "id", "no", "nr", "num", "number", "nomor", "code", "kode", "key", "name", "nama", "title", "judul", "date",
    "tanggal", "time", "waktu", "datetime", "timestamp", "year", "tahun", "month", "bulan", "day", "hari", "type",
    "jenis", "kind", "kategori", "category", "class", "status", "state", "country", "negara", "city", "kota",
    "province", "provinsi", "region", "kabupaten", "kecamatan", "desa", "district", "address", "alamat", "street",
    "phone", "telepon", "email", "url", "link", "website", "description", "keterangan", "comment", "comments",
    "remark", "remarks", "notes", "catatan", "value", "values", "nilai", "amount", "jumlah", "total", "count",
    "quantity", "qty", "price", "harga", "cost", "unit", "satuan", "size", "weight", "height", "width", "length",
    "age", "umur", "sex", "gender", "latitude", "longitude", "lat", "lon", "lng", "x", "y", "score", "rank",
    "index", "product", "products", "item", "items", "customer", "user", "group", "text", "label", "note",
    "company", "first", "last", "firstname", "lastname", "zip", "postcode", "currency", "rate", "percent", "share",
    "population", "area", "start", "end", "from", "to", "source", "target", "version", "test", "column", "field",
    "foo", "bar", "baz", "details", "money", "integer", "float", "boolean", "file", "path", "message",
    "level", "parent", "child",
})  # fmt: skip
"""Words that names of columns are made of, in English and Indonesian."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_IDENTIFIER = re.compile(r"[A-Za-z]+(?:_[A-Za-z0-9]+)+|[a-z]+(?:[A-Z][a-z]*)+|[A-Za-z]{1,12}\d{1,4}")


def header_vote(row: Sequence[str], below: Sequence[Sequence[str]]) -> float:
    """Positive when `row` names the columns of the rows `below`, negative when it is one of them, else 0."""
    vote = 0.0
    for place, cell in enumerate(row):
        values = [other[place] for other in below if place < len(other) and other[place].strip()]
        vote += _column_vote(cell.strip(), values)
    given = [cell.strip() for cell in row if cell.strip()]
    if not given:
        return -1.0
    if _is_series(given):
        vote += 3.0
    repeated = sum(count - 1 for count in Counter(given).values())
    vote -= 0.5 * min(repeated, 2)
    if len(given) < len(row) / 2 and below:
        vote -= 1.0
    return vote


def _column_vote(cell: str, values: Sequence[str]) -> float:
    if not cell:
        return 0.0
    own = kind_of(cell)
    kind = column_kind(values)
    common = 0.8 if _is_common(cell) else 0.0
    if own == "missing":
        return -0.5
    if own in STRICT:
        if not values:
            return -1.0
        if kind == own:
            return 0.0 if re.fullmatch(r"(19|20)\d\d", cell) and not _are_years(values) else -3.0
        return -0.7 if kind == "text" or kind == "code" else 0.3
    if not values:
        return common - (0.3 if own == "text" or (own == "code" and not common) else 0.0)
    if kind in STRICT or kind == "boolean":
        sure = 3.0 if len(values) >= 3 else 2.0
        return sure if own != "boolean" else 0.0
    texts = [value.strip() for value in values]
    if cell in texts:
        return common - 2.0 if len(cell) > 1 else common - 0.8
    if kind == "code":
        return common + (1.5 if not re.search(r"\d", cell) else -0.6 if _shape(cell) in map(_shape, texts) else 0.0)
    return common + _text_vote(cell, texts)


def _text_vote(cell: str, texts: Sequence[str]) -> float:
    """Votes of a text above texts: by look and length."""
    vote = 0.0
    if _IDENTIFIER.fullmatch(cell) and not any(_IDENTIFIER.fullmatch(text) for text in texts):
        vote += 0.8
    if not re.search(r"\d", cell) and all(
        re.search(r"\d", text) and not re.search(r"[^\W\d_]", text) for text in texts
    ):
        vote += 1.5
    lengths = [len(text) for text in texts]
    if len(texts) >= 3 and min(lengths) == max(lengths) != len(cell):
        vote += 1.0
    elif len(texts) >= 3 and len(cell) < min(lengths):
        vote += 0.5
    if len(cell) > 60 or (len(cell) > 2 * max(lengths) and len(cell) > 30):
        vote -= 0.5
    shapes = [_shape(text) for text in texts]
    if re.search(r"\d", cell) and _shape(cell) in shapes:
        vote -= 1.0
    elif _shape(cell) not in shapes and len(set(shapes)) == 1 and len(texts) >= 2:
        vote += 0.6
    return vote


def _shape(text: str) -> str:
    """`StreetA` and `StreetB` have one shape."""
    short = re.sub(r"[^\W\d_]+", lambda word: _case(word[0]), text)
    return re.sub(r"\d+", "9", short)


def _case(word: str) -> str:
    if word.isupper():
        return "A"
    return "a" if word.islower() else "Aa" if word.istitle() else "aA"


def _is_common(cell: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(cell)]
    return bool(words) and len(words) <= 5 and any(word in _COMMON_NAMES for word in words)


def _is_series(cells: Sequence[str]) -> bool:
    """`a, b, c`, `f1, f2, f3` and `2019, 2020, 2021` are names that count on."""
    if len(cells) < 2:
        return False
    if all(len(cell) == 1 and cell.isalpha() for cell in cells):
        steps = [ord(after) - ord(before) for before, after in pairwise(cells)]
        return sum(step == 1 for step in steps) >= 0.6 * len(steps) and len(steps) >= 1
    numbers = [int(cell) for cell in cells[1:] if re.fullmatch(r"\d{1,4}", cell)]
    if len(numbers) == len(cells) - 1 > 1 and not cells[0][0].isdigit():
        increments = {after - before for before, after in pairwise(numbers)}
        return increments == {1} or (increments == {-1} and all(1900 <= number <= 2100 for number in numbers))
    ends = [re.fullmatch(r"([^\W\d]+[ _]?)(\d{1,4})", cell) for cell in cells]
    if all(ends):
        numbers = [int(end[2]) for end in ends if end]
        stems = {end[1] for end in ends if end}
        return len(stems) == 1 and len(cells) > 2 and all(b - a == 1 for a, b in pairwise(numbers))
    return False


def _are_years(values: Sequence[str]) -> bool:
    return sum(bool(re.fullmatch(r"(19|20)\d\d", value.strip())) for value in values) > 0.5 * len(values)


def count_header_rows(rows: Sequence[Sequence[str]]) -> tuple[int, float]:
    """How many of the first `rows` of a table are its header, and the vote for (or against) the first of them."""
    if not rows:
        return 0, 0.0
    if len(rows) == 1:
        vote = header_vote(rows[0], [])
        return (1 if vote > 0 and vote > 0.4 * len(rows[0]) and len(rows[0]) > 1 else 0), vote
    if not any(kind_of(cell) in STRICT for cell in rows[0]):
        if sum(row == after == rows[0] for row, after in pairwise(rows)) > 2:
            return 0, -1.0
        rows = [rows[0], *(row for row in rows[1:] if row != rows[0])]  # a header on each page is no evidence
    vote = header_vote(rows[0], rows[1:])
    for count in range(min(ROWS_LIMIT, len(rows) - 1), 1, -1):
        if _are_all_header(rows[:count], rows[count:]):
            return count, max(vote, 1.0)
    return (1 if vote > 0 else 0), vote


def _are_all_header(top: Sequence[Sequence[str]], below: Sequence[Sequence[str]]) -> bool:
    """Whether several rows are a header: the lower ones are no values where the columns below hold typed ones."""
    width = max(len(row) for row in top)
    kinds = [column_kind(row[place] for row in below if place < len(row)) for place in range(width)]
    typed = [place for place, kind in enumerate(kinds) if kind in STRICT or kind == "boolean"]
    if len(below) < 2 or not typed:
        return False
    for row in top:
        for cell, values in zip(row, zip(*below, strict=False), strict=False):
            is_year = re.fullmatch(r"(19|20)\d\d", cell.strip()) and not _are_years(values)
            if kind_of(cell) in TYPED - {"code"} and not is_year:
                return False
    lowest = top[-1]
    named = sum(bool(lowest[place].strip()) for place in typed if place < len(lowest))
    above = sum(any(place < len(row) and row[place].strip() for row in top[:-1]) for place in typed)
    is_grouped = any(not cell.strip() for row in top[:-1] for cell in row)
    if any(kind_of(cell) == "missing" for cell in lowest):
        return False
    if is_grouped and named + above >= len(typed):
        return named > 0 or any(cell.strip() for cell in lowest)
    return len(typed) >= 2 and named >= max(2, 0.6 * len(typed))


def joined_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """One name per column: the header rows from top down joined with a space, a group title over all its columns."""
    if len(rows) == 1:
        return list(rows[0])
    width = max((len(row) for row in rows), default=0)
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    for upper, lower in pairwise(padded):
        for place in range(1, width):
            if (
                not upper[place].strip()
                and upper[place - 1].strip()
                and lower[place].strip()
                and lower[place - 1].strip()
            ):
                upper[place] = upper[place - 1]
    return [" ".join(row[place].strip() for row in padded if row[place].strip()) for place in range(width)]
