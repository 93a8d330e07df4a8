"""Throws random texts at every reader macro: none may raise, and the text of each value must read as that value.

The texts are drawn inside DuckDB from a seed: characters of every kind, and pieces of real values put together wrongly.

    .venv/bin/python tests/benchmarks/readers.py --cases 1000000
"""

from __future__ import annotations

import argparse
import time

import duckdb

from transforms.standardise import load_readers

PIECES = (
    *"0123456789",
    *"0123456789",
    *" .,-/:'<>(){}[]#+%_°",
    *"aEeMRxZñé中\U0001f600",
    *("\\u00a0", "\\t", "\\n"),
    *("Rp ", "Rp. ", "IDR ", "jt", " juta", "rb", " M", "t", "1.500", ".000", ",00", "E+15", "/bulan", "-"),
    *(
        "12",
        "31",
        "29",
        "02",
        "08",
        "/02/",
        "/12/",
        "1980",
        "2022",
        " Agustus ",
        "-Agt-",
        " Mei ",
        "44828",
        "T00:00:00",
    ),
    *("32", "3201014101800001", "0812", "62", "+62", "81234567", "56102", "32.01", "1234567890123"),
    *(
        "Ya",
        "Tidak",
        "1. ",
        "[1] ",
        "Aktif",
        "Tutup",
        "tidak ada",
        "n/a",
        "xxx",
        "#N/A",
        "Menetap",
        "UMKM",
        "CV",
        "L",
        "P",
    ),
)
LONGEST = 6
"""A text is put together from so many pieces at most."""
PARTS_OF_TEXTS = ("read_name_before_brackets", "read_name_in_brackets")
"""What these cut out of a field is a text, and reads as one."""


def reader_calls(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, ...]]:
    """Each reader macro with the ways to call it on `t`."""
    names = con.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'macro' AND NOT internal"
        " AND starts_with(function_name, 'read_') ORDER BY 1"
    ).fetchall()
    return {
        name: ("read_rupiah({}, ',', 1)", "read_rupiah({}, '.', 1)") if name == "read_rupiah" else (f"{name}({{}})",)
        for (name,) in names
    }


def make_texts(con: duckdb.DuckDBPyConnection, cases: int, seed: int) -> None:
    """Fill the temporary table `texts(t)`; the same seed gives the same texts."""
    pieces = [piece.encode().decode("unicode_escape") if piece.startswith("\\") else piece for piece in PIECES]
    con.execute("CREATE OR REPLACE TEMP TABLE pieces AS SELECT ? AS pieces", [pieces])
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE texts AS
        SELECT array_to_string(list_transform(
            range((hash(i, {seed}) % {LONGEST + 1})::BIGINT),
            lambda place: pieces[(hash(i * {LONGEST} + place, {seed} + 1) % len(pieces))::BIGINT + 1]), '') AS t
        FROM range({cases}) AS numbers(i), pieces"""
    )


def find_failures(con: duckdb.DuckDBPyConnection, cases: int, seed: int = 1) -> dict[str, str]:
    """Reader to what went wrong with it, over `cases` texts each; empty when nothing did."""
    make_texts(con, cases, seed)
    failures = {}
    for name, calls in reader_calls(con).items():
        for call in calls:
            again = "read_text({})" if name in PARTS_OF_TEXTS else call
            try:
                # Each distinct value is written and read a second time.
                unlike = con.execute(
                    f"SELECT text FROM (SELECT DISTINCT ({call.format('t')})::VARCHAR AS text FROM texts)"
                    f" WHERE text IS NOT NULL AND ({again.format('text')})::VARCHAR IS DISTINCT FROM text ORDER BY text LIMIT 1"
                ).fetchall()
            except duckdb.Error as error:
                failures[name] = f"{call}: {type(error).__name__}"
            else:
                if unlike:
                    failures[name] = f"{call}: the value {unlike[0][0]!r} reads as another"
    return failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with duckdb.connect() as con:
        load_readers(con)
        started = time.monotonic()
        failures = find_failures(con, arguments.cases, arguments.seed)
        readers = len(reader_calls(con))
    print(
        f"{readers} readers, {arguments.cases:,} texts each, {time.monotonic() - started:.1f} s, {len(failures)} failures"
    )
    for name, cause in failures.items():
        print(f"{name}: {cause}")
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()
