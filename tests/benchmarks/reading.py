"""Recovery of polluted files by `capaian read`, DuckDB and pandas: mean F1 of header, records and cells by kind of pollution.

    .venv/bin/python tests/benchmarks/reading.py [every]

`every` reads only each n-th case of a kind (default 7). Silent losses are true records that are neither among the rows nor
reported; DuckDB and pandas report nothing.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent))

from pollution import Case, cases
from rich.console import Console
from rich.table import Table
from scoring import read_case, score

Read = Callable[[Case, Path], tuple[Sequence[str], Sequence[Sequence[str]]]]
FOLDER = Path(tempfile.mkdtemp())


def by_capaian(case: Case, path: Path) -> tuple[list[str], list[list[str]]]:
    header, rows, _ = read_case(case, FOLDER)
    return header, rows


def by_duckdb(options: str) -> Read:
    """What DuckDB sniffs, read as text: with `all_varchar` alone it could not tell a header by its types."""

    def read(case: Case, path: Path) -> tuple[list[str], list[list[str]]]:
        with duckdb.connect() as con:
            given = f"'{path}'{options}"
            sniffed = con.execute(f"SELECT HasHeader FROM sniff_csv({given})").fetchone()
            assert sniffed is not None
            found = con.execute(f"FROM read_csv({given}, all_varchar = true, header = {sniffed[0]})")
            names = [column[0] for column in found.description or ()]
            rows = [["" if cell is None else cell for cell in row] for row in found.fetchall()]
        return (names if sniffed[0] else []), rows

    return read


def by_pandas(case: Case, path: Path) -> tuple[list[str], list[list[str]]]:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, sep=None, engine="python", on_bad_lines="warn")
    return list(frame.columns), frame.fillna("").values.tolist()


READERS: dict[str, Read] = {
    "capaian": by_capaian,
    "duckdb auto": by_duckdb(""),
    "duckdb null_padding": by_duckdb(", null_padding = true, strict_mode = false"),
    "duckdb ignore_errors": by_duckdb(", ignore_errors = true, strict_mode = false, null_padding = true"),
    "pandas sniffing": by_pandas,
}


def main(every: int) -> None:
    """Print the table; the worst cases of capaian below it."""
    import warnings

    warnings.filterwarnings("ignore")
    csv.field_size_limit(sys.maxsize)
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    losses, crashes = Counter[str](), Counter[str]()
    worst = []
    seen = Counter[str]()
    path = FOLDER / "polluted.csv"
    for case in cases():
        seen[case.group] += 1
        if case.group.startswith(("row", "quote")) and seen[case.group] % every:
            continue
        path.write_bytes(case.content)
        for name, read in READERS.items():
            try:
                header, rows = read(case, path)
            except Exception:
                crashes[name] += 1
                scores[name][case.group].append(0.0)
                continue
            got = score(header, rows, case)
            scores[name][case.group].append(got.mean)
            losses[name] += len(rows) < len(case.rows)
            if name == "capaian" and got.mean < 1:
                worst.append((got.mean, case.group, case.name, got))
    console = Console(width=140)
    groups = list(scores["capaian"])
    table = Table(box=None)
    table.add_column("pollution")
    table.add_column("files", justify="right")
    for name in READERS:
        table.add_column(name, justify="right")
    for group in groups:
        table.add_row(
            group,
            str(len(scores["capaian"][group])),
            *(f"{sum(scores[name][group]) / len(scores[name][group]):.4f}" for name in READERS),
        )
    every_file = {name: [value for group in groups for value in scores[name][group]] for name in READERS}
    table.add_row("all", str(len(every_file["capaian"])), *(f"{sum(v) / len(v):.4f}" for v in every_file.values()))
    table.add_row("fewer records than true", "", *(str(losses[name]) for name in READERS))
    table.add_row("not read", "", *(str(crashes[name]) for name in READERS))
    console.print(table)
    for value, group, name, got in sorted(worst)[:60]:
        console.print(f"{value:.4f} {group} {name} {got}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
