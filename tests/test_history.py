"""A register's life the whole way: every kind of night once, what it changed, and what was known after each."""

from __future__ import annotations

import importlib
import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import as_bps, ingest_inbox, stranger, write_bps, write_sidt
from drawn_versions import keep

from flows import fingerprints, ingesting, releasing
from flows.changes import Figure, compare
from flows.settings import Settings
from transforms.changes import tell_changes, view_version
from transforms.changes.changes import COMPARED
from warehouse import corrections, reference_data
from warehouse import publish as publishing
from warehouse.checksums import sealed, sha256_of
from warehouse.decisions import LinkDecision, save_decisions
from warehouse.tables import PUBLISHED_TABLES
from warehouse.tables.changes import CAUSES

resolving = importlib.import_module("transforms.resolve.resolve")  # the package has a function of that name
SEED = 2025
FIRST_DAY = date(2025, 1, 6)


@dataclass
class History:
    """A data root with its versions, what each night was to change of the counted businesses, and the next free place."""

    settings: Settings
    draw: random.Random
    expected: list[dict[str, int]] = field(default_factory=list)
    behind_a_rollback: dict[str, int] = field(default_factory=dict)
    """What the last version changes of the one that was rolled back."""
    place: int = 0

    @property
    def built_upon(self) -> dict[int, int]:
        """Version to the one before; the last was built after the one before it had been rolled back."""
        count = len(self.expected)
        return {version: version - 1 for version in range(2, count)} | {count: count - 2}

    def rows(self, count: int, **values: str) -> list[dict[str, str]]:
        """Registrations of strangers; `tahun` is the year of their interview, on a day that is drawn."""
        year = values.pop("tahun", "2022")
        rows = []
        for _ in range(count):
            self.place += 1
            day = f"{self.draw.randint(1, 28):02d}/{self.draw.randint(1, 12):02d}/{year}"
            rows.append(
                {**stranger(self.place), "nomor_registrasi": f"R{self.place}", "tanggal_pendataan": day,
                 "tanggal_pembaruan": day, "tahun_go_digital": self.draw.choice(["2020", "2022", "2023", ""]), **values}
            )  # fmt: skip
        return rows

    def deliver(self, name: str, rows: list[dict[str, str]]) -> None:
        write_sidt(self.settings.root.inbox / name, rows)

    def withdraw(self, name: str) -> None:
        for path in self.settings.root.landed.glob(f"*/{name}"):
            shutil.rmtree(self.settings.root.lake / path.parent.name)
            shutil.rmtree(path.parent)

    def publish(self, as_of: date, **expected: int) -> None:
        """A night whose version is kept as Parquet alone: neither the analysts' file nor the page is asked for here."""
        ingest_inbox(self.settings)
        known = FIRST_DAY + timedelta(days=len(self.expected))
        release = releasing.plan_release(self.settings, as_of, known)
        assert release
        releasing.resolve_register(self.settings, release)
        releasing.build_attainment(self.settings, release)
        releasing.record_quality(self.settings, release)
        releasing.record_changes(self.settings, release)
        for table in PUBLISHED_TABLES:  # what only publishing writes, which nothing here reads
            if not (release.folder / table.schema / f"{table.name}.parquet").exists():
                keep(release.folder, table, [])
        folder = self.settings.root.versions / f"{release.version:06d}"
        folder.mkdir()
        release.folder.rename(folder / "parquet")
        manifest = {"version": release.version, "as_of_date": as_of.isoformat(), "known_date": known.isoformat()}
        manifest["input_fingerprint"] = release.input_fingerprint
        manifest["files"] = {str(path.relative_to(folder)): sha256_of(path) for path in folder.rglob("*.parquet")}
        (folder / publishing.MANIFEST).write_text(json.dumps(sealed(manifest)), encoding="utf-8")
        publishing.switch(self.settings.root, release.version)
        self.expected.append({cause: count for cause, count in expected.items() if count})


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    folder = tmp_path_factory.mktemp("history")
    settings = Settings(home=folder / "home", memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    lived = History(settings, random.Random(SEED))
    with pytest.MonkeyPatch.context() as patch:
        _live(lived, folder, patch)
        yield lived
    fingerprints.transforms_fingerprint.cache_clear()


def _live(lived: History, folder: Path, patch: pytest.MonkeyPatch) -> None:
    draw, few = lived.draw, lambda: lived.draw.randint(2, 5)
    end_2022, end_2023, end_2024 = (date(year, 12, 31) for year in (2022, 2023, 2024))

    first, small, closed = lived.rows(draw.randint(12, 16)), lived.rows(few(), omzet="Rp 3.000.000.000,00"), few()
    waiting = lived.rows(few(), omzet="-5")
    lived.deliver("first.csv", first + small + waiting + lived.rows(closed, status_usaha="Tutup"))
    lived.publish(end_2022)

    new, ahead = lived.rows(few(), tahun="2023"), lived.rows(few(), tahun="2024")
    lived.deliver("new.csv", new + ahead)
    lived.publish(end_2023, new_registrations=len(new))

    late = lived.rows(few())
    lived.deliver("late.csv", late)
    lived.publish(end_2023, late_deliveries=len(late))

    told_anew = [
        {
            **row,
            "tanggal_pembaruan": "01/02/2023",
            **draw.choice([{"status_usaha": "Tutup"}, {"jual_marketplace": "Tidak"}]),
        }
        for row in first[:6]
    ]
    gone = sum(row.get("status_usaha") == "Tutup" for row in told_anew)
    lived.deliver("told_anew.csv", told_anew)
    lived.publish(end_2023, corrections=-gone)

    lived.deliver(
        "repaired.csv", [{**row, "omzet": "Rp 70.000.000,00", "tanggal_pembaruan": "01/03/2023"} for row in waiting]
    )
    lived.publish(end_2023, quarantine_released=len(waiting))

    pairs = list(zip(first[6:8], first[8:10], strict=True))
    link = [_decide("must_link", left, right) for left, right in pairs]
    save_decisions(lived.settings.root.link_decisions, link)
    lived.publish(end_2023, merges=-len(pairs))

    save_decisions(lived.settings.root.link_decisions, [_decide("cannot_link", *pairs[0])])
    lived.publish(end_2023, splits=len(pairs))

    lived.withdraw("late.csv")
    lived.publish(end_2023, withdrawals=-len(late))

    lived.publish(end_2024, as_of_changes=len(ahead))

    shutil.copytree(resolving._HERE, folder / "resolve")
    counts = "size_class_code <> 'large'"
    _edit(folder / "resolve" / "classified.sql", counts, counts, "size_class_code NOT IN ('small', 'large')")
    patch.setattr(resolving, "_HERE", folder / "resolve")
    real = fingerprints.transforms_fingerprint
    for module in (fingerprints, releasing):
        patch.setattr(module, "transforms_fingerprint", lambda *apart: real(*apart) + ("" if apart else "changed"))
    lived.publish(end_2024, rule_and_code_changes=-len(small))

    shutil.copytree(reference_data.FOLDER, folder / "reference")
    _edit(folder / "reference" / "business_statuses.csv", "4,Tutup", ",false,", ",true,")
    _edit(folder / "reference" / "targets.csv", "umkm_digital,2024", "30000000", "31000000")
    _edit(folder / "reference" / "official_reports.csv", "25292701", "25292701", "25292702")
    targets = folder / "reference" / "targets.csv"
    line = next(
        line for line in targets.read_text(encoding="utf-8").splitlines() if line.startswith("umkm_digital,2024")
    )
    targets.write_text(targets.read_text(encoding="utf-8") + line.replace("2024", "2025", 1) + "\n", encoding="utf-8")
    patch.setattr(reference_data, "FOLDER", folder / "reference")
    _edit(
        folder / "reference" / "corrections.csv", "source_register", "\n", "\n" + _larger(first[10]["nomor_registrasi"])
    )
    patch.setattr(corrections, "FOLDER", folder / "reference")
    ingesting._workbench.cache_clear()
    lived.publish(end_2024, reference_changes=closed + gone, corrections=-1)

    lived.withdraw("new.csv")
    lived.deliver(
        "sent_again.csv",
        [{**row, "jual_marketplace": "Tidak", "tanggal_pembaruan": "01/02/2025"} for row in new + ahead],
    )
    lived.publish(end_2024)

    both = [{**as_bps(stranger(place)), "idsbr": f"S{place}"} for place in range(lived.place + 1, lived.place + 4)]
    lived.place += 3
    again = {**as_bps(stranger(1)), "idsbr": "S1", "pembayaran_digital": "1"}
    write_bps(lived.settings.root.inbox / "bps.csv", [*both, again])
    lived.publish(end_2024, late_deliveries=len(both))

    lived.withdraw("sent_again.csv")
    late = lived.rows(few())
    lived.deliver("mixed.csv", late)
    save_decisions(lived.settings.root.link_decisions, link)
    lived.publish(end_2024, withdrawals=-len(new + ahead), merges=-len(pairs), late_deliveries=len(late))

    publishing.switch(lived.settings.root, len(lived.expected) - 1)
    later = lived.rows(few())
    lived.deliver("later.csv", later)
    lived.publish(end_2024, withdrawals=-len(new + ahead), merges=-len(pairs), late_deliveries=len(late + later))
    lived.behind_a_rollback = {"late_deliveries": len(later)}


def _decide(decision: str, left: dict[str, str], right: dict[str, str]) -> LinkDecision:
    numbers = (left["nomor_registrasi"], right["nomor_registrasi"])
    return LinkDecision(decision, "sidt", numbers[0], "sidt", numbers[1], "seen", "a person", date(2025, 1, 1))


def _larger(number: str) -> str:
    return f"sidt,{number},omzet_idr,60000000,60000000000,typed wrongly,letter of the district office,2025-01-10\n"


def _edit(path: Path, holding: str, old: str, new: str) -> None:
    """Replace `old` in the one line of `path` that holds `holding`."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    [place] = [place for place, line in enumerate(lines) if holding in line]
    assert old in lines[place]
    lines[place] = lines[place].replace(old, new, 1)
    path.write_text("".join(lines), encoding="utf-8")


def counted(figures: tuple[Figure, ...]) -> Figure:
    [figure] = [figure for figure in figures if figure.figure == "counted_businesses"]
    return figure


def test_every_night_changes_what_happened_in_it(history: History) -> None:
    for version, before in history.built_upon.items():
        expected = history.expected[version - 1]
        figure = counted(compare(history.settings, before, version).figures)
        assert figure.parts == expected, version
        assert figure.change_count == sum(expected.values())


def test_the_same_lines_under_other_ids_after_a_rollback_are_no_change(history: History) -> None:
    last = len(history.expected)
    assert counted(compare(history.settings, last - 1, last).figures).parts == history.behind_a_rollback


def test_parts_sum_to_the_change_of_every_figure_for_a_hundred_pairs_and_every_cause_occurs(history: History) -> None:
    count = len(history.expected)
    pairs = [(earlier, later) for later in range(2, count + 1) for earlier in range(1, later)]
    history.draw.shuffle(pairs)
    assert len(pairs[:100]) == 100
    published = {version: figures_of(history, version) for version in range(1, count + 1)}
    seen: set[str] = set()
    with history.settings.resources.connect() as con:
        hold(con, history)
        for earlier, later in pairs[:100]:
            told = parts_between(con, earlier, later)
            assert told.keys() == published[earlier].keys() | published[later].keys()
            for key, (before, after, parts) in told.items():
                assert (before, after) == (published[earlier].get(key), published[later].get(key))
                assert sum(parts.values()) == (after or 0) - (before or 0), (earlier, later, key)
                seen |= {cause for cause, change in parts.items() if change}
    assert seen == set(CAUSES)


def hold(con: duckdb.DuckDBPyConnection, history: History) -> None:
    """Read every version once: a hundred comparisons open its files over and over otherwise."""
    for version in range(1, len(history.expected) + 1):
        view_version(con, "kept", history.settings.root.versions / f"{version:06d}" / "parquet")
        con.execute(f"CREATE SCHEMA v{version}")
        for table in COMPARED:
            con.execute(f"CREATE TABLE v{version}.{table.name} AS FROM kept.{table.name}")
        con.execute("DROP SCHEMA kept CASCADE")


def parts_between(
    con: duckdb.DuckDBPyConnection, earlier: int, later: int
) -> dict[tuple[object, ...], tuple[int | None, int | None, dict[str, int]]]:
    """Each figure before and after, with its parts, of two versions that are held."""
    for side, version in (("earlier", earlier), ("later", later)):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {side}")
        for table in COMPARED:
            con.execute(f"CREATE OR REPLACE VIEW {side}.{table.name} AS FROM v{version}.{table.name}")
    told: dict[tuple[object, ...], tuple[int | None, int | None, dict[str, int]]] = {}
    rows = con.execute(
        "SELECT figure, target_year, definition_code, institution, earlier_count, later_count, cause, change_count"
        f" FROM ({tell_changes(con)})"
    ).fetchall()
    for *key, before, after, cause, change in rows:
        told.setdefault(tuple(key), (before, after, {}))[2][cause] = change
    return told


def figures_of(history: History, version: int) -> dict[tuple[object, ...], int | None]:
    """The headline figures as the version's own tables have them."""
    parquet = history.settings.root.versions / f"{version:06d}" / "parquet"
    with history.settings.resources.connect() as con:
        rows = con.execute(
            f"""
            SELECT series, target_year, definition_code, institution, observed_count FROM '{parquet}/marts/attainment_national.parquet'
            WHERE indicator_code = 'umkm_digital'
            UNION ALL
            SELECT DISTINCT 'target', target_year, NULL, NULL, target_count FROM '{parquet}/marts/attainment_national.parquet'
            WHERE indicator_code = 'umkm_digital'
            UNION ALL
            SELECT 'counted_businesses', NULL, NULL, 'capaian', count(*) FROM '{parquet}/register/businesses.parquet', '{parquet}/meta/publication.parquet'
            WHERE is_counted AND enumerated_date <= as_of_date"""
        ).fetchall()
    return {tuple(key): count for *key, count in rows}


def test_the_published_changes_are_those_between_the_version_and_the_one_before(history: History) -> None:
    version = len(history.expected)
    parquet = history.settings.root.versions / f"{version:06d}" / "parquet"
    with history.settings.resources.connect() as con:
        rows = con.execute(
            f"SELECT figure, target_year, definition_code, institution, cause, change_count FROM '{parquet}/marts/whatchanged.parquet'"
            " WHERE change_count <> 0"
        ).fetchall()
    figures = compare(history.settings).figures
    assert sorted(rows, key=repr) == sorted(
        ((f.figure, f.target_year, f.definition_code, f.institution, cause, count) for f in figures for cause, count in f.parts.items()),
        key=repr,
    )  # fmt: skip


@contextmanager
def opened(history: History, folder: Path) -> Iterator[object]:
    """The last version's analysts' file."""
    parquet = history.settings.root.current.resolve() / "parquet"
    publishing.build_database(history.settings.resources, parquet, folder / "capaian.duckdb")
    with history.settings.resources.connect(folder / "capaian.duckdb", read_only=True) as con:
        yield con


def test_what_was_known_on_the_day_of_each_version_is_what_it_published(history: History, tmp_path: Path) -> None:
    with opened(history, tmp_path) as con:
        rolled_back = len(history.expected) - 1
        for day in range(1, len(history.expected) + 1):
            version = history.built_upon[len(history.expected)] if day == rolled_back else day
            published = figures_of(history, version)
            for year in (2022, 2023, 2024):
                known = con.execute(  # type: ignore[attr-defined]
                    "SELECT definition_code, version, observed_count FROM marts.attainment_at(?::DATE, ?::DATE)",
                    [date(year, 12, 31), FIRST_DAY + timedelta(days=day - 1)],
                ).fetchall()
                assert len(known) == 4
                for definition, by, count in known:
                    assert (by, count) == (version, published["register_observed", year, definition, "capaian"])
