"""Every text of the public corpora is read with all its lines accounted for, or refused with its cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corpora import CORPORA, REASON, corpus_texts, outcomes

from transforms.reading.encoding import physical_lines
from transforms.reading.text import UnreadableText, open_text

pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not CORPORA.is_dir(), reason=REASON)]

WITHOUT_HEADER = {
    "no_header.csv", "no_header_row.csv", "no_header_row2.csv", "no_header_row3.csv", "mixed_single_line.csv",
    "varchar_multi_line.csv", "varchar_single_line.csv", "single_numeric.csv", "invalid_time.csv", "various_time_formats.csv",
    "pipe_delim.csv", "pipe_delim_quote.csv", "quote_escape.csv", "backslash_escape.csv", "rfc_conform.csv", "rfc_conform_quote.csv",
    "semicolon_delim.csv", "semicolon_escape.csv", "semicolon_quote.csv", "single_quote_backslash.csv", "tab.csv",
    "tab_single_quote.csv", "tab_single_quote_varchar.csv", "leading_space_numerics.csv", "unnamed_columns.csv",
    "multi_column_string_mix.csv", "multi_column_string_r.csv", "example.tsv", "csv_error.csv", "date.csv", "time.csv",
    "timestamp.csv", "simple.csv", "simple_quoted.csv", "thousands_broken.csv", "bad2.csv", "big_bad.csv", "big_bad2.csv",
    "frictionless_data_data_without-headers.csv", "frictionless_data_data_without-headers-extra.csv",
    "frictionless_data_data_chunk2.headless.csv", "frictionless_data_data_chunk3.csv", "frictionless_data_data_issue-1478_table.csv",
}  # fmt: skip
"""Files whose first line a careful person takes for data (of csvkit's two simple.csv and time.csv the folder decides)."""
WITH_HEADER = {"csv_spectrum/csvs/simple.csv", "duckdb_csv/auto/time.csv"}


def test_what_becomes_of_every_file_is_what_was_looked_at() -> None:
    """A line that changes is to be looked at; the cure is in the docstring of `corpora.py`."""
    assert outcomes().splitlines() == Path(__file__).with_name("corpora.txt").read_text(encoding="utf-8").splitlines()


def test_every_text_is_accounted_for_or_refused() -> None:
    refused, read = [], 0
    for path in corpus_texts():
        try:
            table = open_text(path)
            records = sum(1 for _ in table.rows())
        except UnreadableText as refusal:
            refused.append(str(refusal).split(": ")[0])
            continue
        read += 1
        assert records == table.record_count
        assert table.lines.total() == sum(1 for _ in physical_lines(path, table.encoding)), path
        assert table.lines["data"] >= records
    assert read > 250
    assert sorted(refused) == [
        "frictionless_data_data_compression_implicit-gz.csv",
        "frictionless_data_data_compression_implicit-zip.csv",
    ]


def test_no_data_row_is_taken_for_a_header() -> None:
    for path in corpus_texts():
        inside = path.relative_to(CORPORA).as_posix()
        if path.name in WITHOUT_HEADER and inside not in WITH_HEADER:
            table = open_text(path)
            list(table.rows())
            assert table.names == [], path
            assert table.lines["title"] == 0, path


@pytest.mark.parametrize("name", [path.stem for path in sorted((CORPORA / "csv_spectrum" / "csvs").glob("*.csv"))])
def test_csv_spectrum_is_exact(name: str) -> None:
    table = open_text(CORPORA / "csv_spectrum" / "csvs" / f"{name}.csv")
    found = [dict(zip(table.names, row, strict=True)) for row in table.rows()]
    answer = json.loads((CORPORA / "csv_spectrum" / "json" / f"{name}.json").read_text(encoding="utf-8"))
    if name == "location_coordinates":  # its answer has another phone number than its text
        found = [{**row, "Contact Phone Number": "1234567890"} for row in found]
    assert found == (answer if isinstance(answer, list) else [answer])


@pytest.mark.parametrize("name", ["jabar_umkm_binaan_od17367.csv", "jabar_umkm_proyeksi.csv"])
def test_the_real_recaps_are_exact(name: str) -> None:
    path: Path = CORPORA.parent / "real" / name
    table = open_text(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert table.names == lines[0].split(",")
    assert [",".join(row) for row in table.rows()] == lines[1:]
