"""What changed between two versions: one drawn case for each cause, with exactly its part; what cannot be compared."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ingest_inbox, publish_all, published, stranger, write_sidt
from drawn_versions import build_attainment, draw_register, keep, keep_reference

from flows import releasing
from flows.balance import BalanceError
from flows.changes import ChangesError, compare
from flows.cli import screens
from flows.cli.diff import diff
from flows.settings import Settings
from transforms.changes import tell_changes, view_version
from warehouse import publish as publishing
from warehouse.reference_data import load_reference
from warehouse.tables.changes import CAUSES
from warehouse.tables.quality import CORRECTIONS, QUARANTINE_HISTORY, QUARANTINED_ROWS

AS_OF = date(2023, 12, 31)
LATE, NEW = {"enumerated_date": date(2023, 5, 1)}, {"enumerated_date": date(2024, 2, 1)}
D1 = {"digital_rank": 1}
D4 = {"digital_rank": 4}
OUT = {"is_counted": False}


def business(number: int, **values: Any) -> dict[str, Any]:
    return {"business_id": number, **values}


def line(row_id: int, business_id: int, number: str, delivery_id: int = 1, **values: Any) -> dict[str, Any]:
    return {
        "row_id": row_id,
        "business_id": business_id,
        "registration_number": number,
        "delivery_id": delivery_id,
        **values,
    }


def delivery(number: int, **values: Any) -> dict[str, Any]:
    return {"delivery_id": number, **values}


# Each case: what the later version holds in place of the earlier one's three businesses (A of two lines, B and C of one),
# and the parts of (counted businesses, D1 in 2023).
EARLIER = {
    "businesses": [business(1), business(2), business(3, **D4)],
    "memberships": [line(11, 1, "A"), line(12, 1, "A2"), line(13, 2, "B"), line(14, 3, "C")],
    "deliveries": [delivery(1)],
}
KEPT_LINES = EARLIER["memberships"]
CASES: dict[str, tuple[dict[str, Any], dict[str, int], dict[str, int]]] = {
    "nothing": ({}, {}, {}),
    "two businesses become one": (
        {"businesses": [business(1), business(3, **D4)], "memberships": [line(11, 1, "A"), line(12, 1, "A2"), line(13, 1, "B"), line(14, 3, "C")]},
        {"merges": -1},
        {"merges": -1},
    ),
    "a merged business is more digital": (
        {"businesses": [business(2), business(3, **D1)], "memberships": [line(11, 3, "A"), line(12, 3, "A2"), line(13, 2, "B"), line(14, 3, "C")]},
        {"merges": -1},
        {},  # the one that is gone and the one that took its channel
    ),
    "one business becomes two": (
        {"businesses": [business(1), business(2), business(3, **D4), business(9)], "memberships": [line(11, 1, "A"), line(12, 9, "A2"), *KEPT_LINES[2:]]},
        {"splits": 1},
        {"splits": 1},
    ),
    "a registration is told anew": (
        {
            "businesses": [business(1), business(2, **OUT), business(3, **D1)],
            "memberships": [*KEPT_LINES, line(21, 2, "B", 2), line(22, 3, "C", 2)],
            "deliveries": [delivery(1), delivery(2)],
        },
        {"corrections": -1},
        {},  # one less, one more
    ),
    "a delivery is withdrawn and sent again with another count": (
        {
            "businesses": [business(8, **D4), business(9)],
            "memberships": [line(21, 8, "A", 2), line(22, 9, "C", 2)],
            "deliveries": [delivery(2)],
        },
        {"corrections": 0, "withdrawals": -1},
        {"withdrawals": -1},
    ),
    "a number of another register is another registration": (
        {
            "businesses": [*EARLIER["businesses"], business(9)],
            "memberships": [*KEPT_LINES, line(21, 9, "B", 2)],
            "deliveries": [delivery(1), delivery(2, profile="bps-2023")],
        },
        {"late_deliveries": 1},
        {"late_deliveries": 1},
    ),
    "a waiting line is let in": (
        {"businesses": [*EARLIER["businesses"], business(9)], "memberships": [*KEPT_LINES, line(15, 9, "D")]},
        {"quarantine_released": 1},
        {"quarantine_released": 1},
    ),
    "a waiting line is repaired by another": (
        {
            "businesses": [*EARLIER["businesses"], business(9)],
            "memberships": [*KEPT_LINES, line(21, 9, "D", 2)],
            "deliveries": [delivery(1), delivery(2)],
            "repaired": [{"row_id": 15, "status": "repaired", "repaired_by_row_id": 21, "repaired_by_delivery_id": 2}],
        },
        {"quarantine_released": 1},
        {"quarantine_released": 1},
    ),
    "late and new lines": (
        {
            "businesses": [*EARLIER["businesses"], business(8, **LATE), business(9, **NEW)],
            "memberships": [*KEPT_LINES, line(21, 8, "D", 2, **LATE), line(22, 9, "E", 2, **NEW)],
            "deliveries": [delivery(1), delivery(2)],
            "as_of": date(2024, 12, 31),
        },
        {"late_deliveries": 1, "new_registrations": 1},
        {"late_deliveries": 1, "new_registrations": 1},
    ),
    "a late line makes a business more digital": (
        {
            "businesses": [business(1), business(2), business(3, **D1)],
            "memberships": [*KEPT_LINES, line(21, 3, "D", 2, **LATE)],
            "deliveries": [delivery(1), delivery(2)],
        },
        {},
        {"late_deliveries": 1},
    ),
    "a delivery is withdrawn": (
        {"businesses": [], "memberships": [], "deliveries": []},
        {"withdrawals": -3},
        {"withdrawals": -2},
    ),
    "a delivery is held": (
        {"businesses": [], "memberships": [], "deliveries": [delivery(1, status="held")]},
        {"withdrawals": -3},
        {"withdrawals": -2},
    ),
    "the as-of date goes back": ({"as_of": date(2022, 5, 31)}, {"as_of_changes": -3}, {"as_of_changes": -2}),
    "a decided correction": (
        {"businesses": [business(1), business(2, **OUT), business(3, **D4)], "corrected": ["B"]},
        {"corrections": -1},
        {"corrections": -1},
    ),
    "reference data": (
        {"businesses": [business(1), business(2, **OUT), business(3, **D4)], "status": True},
        {"reference_changes": -1},
        {"reference_changes": -1},
    ),
    "code": (
        {"businesses": [business(1), business(2, **OUT), business(3, **D1)]},
        {"rule_and_code_changes": -1},
        {},
    ),
    "a line is set aside by another rule": (
        {"businesses": [business(1), business(3, **D4)], "memberships": [*KEPT_LINES[:2], KEPT_LINES[3]]},
        {"rule_and_code_changes": -1},
        {"rule_and_code_changes": -1},
    ),
    "another definition": ({"rank": True}, {}, {"reference_changes": 1}),
}  # fmt: skip


@pytest.fixture(scope="module")
def reference() -> Any:
    with duckdb.connect(config={"threads": 1}) as con:
        load_reference(con)
        yield con


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory, reference: duckdb.DuckDBPyConnection) -> Path:
    folder = draw_register(tmp_path_factory.mktemp("earlier"), 1, AS_OF, **EARLIER)
    keep(folder, QUARANTINED_ROWS, [{"row_id": 15, "delivery_id": 1}])
    build_attainment(reference, folder, AS_OF)
    keep_reference(reference, folder)
    return folder


@pytest.mark.parametrize("case", CASES)
def test_a_change_has_its_cause_and_the_parts_are_exact(
    case: str, tmp_path: Path, reference: duckdb.DuckDBPyConnection, earlier: Path
) -> None:
    drawn, counted, digital = CASES[case]
    as_of = drawn.get("as_of", AS_OF)
    register = {name: drawn.get(name, rows) for name, rows in EARLIER.items()}
    draw_register(tmp_path, 2, as_of, **register)
    keep(tmp_path, QUARANTINE_HISTORY, drawn.get("repaired", []))
    keep(
        tmp_path,
        CORRECTIONS,
        [{"registration_number": number, "status": "applied"} for number in drawn.get("corrected", [])],
    )
    with reference.cursor() as con:
        con.execute("BEGIN")
        if drawn.get("status"):
            con.execute(
                "UPDATE reference.business_statuses SET is_counted = NOT is_counted WHERE business_status_code = '1'"
            )
        if drawn.get("rank"):
            con.execute("UPDATE reference.definitions SET definition_rank = 4 WHERE definition_code = 'D1'")
        build_attainment(con, tmp_path, as_of)
        keep_reference(con, tmp_path)
        con.execute("ROLLBACK")
    parts = told(earlier, tmp_path)
    assert parts["counted_businesses", None, None] == {cause: count for cause, count in counted.items() if count}
    assert parts["register_observed", 2023, "D1"] == digital


def told(earlier: Path, later: Path) -> dict[tuple[Any, ...], dict[str, int]]:
    """The parts of each figure of the register; they sum to its change."""
    with duckdb.connect(config={"threads": 1}) as con:
        view_version(con, "earlier", earlier)
        view_version(con, "later", later)
        rows = con.execute(
            "SELECT figure, target_year, definition_code, later_count - earlier_count, sum(change_count),"
            " map_from_entries(list((cause, change_count)) FILTER (change_count <> 0))"
            f" FROM ({tell_changes(con)}) WHERE institution = 'capaian' GROUP BY ALL"
        ).fetchall()
    assert len(rows) == 1 + 3 * 4
    for figure, year, definition, change, total, _ in rows:
        assert change == total, (figure, year, definition)
    return {(figure, year, definition): parts or {} for figure, year, definition, _, _, parts in rows}


def test_the_as_of_date_reaches_the_day_from_which_a_business_is_digital(
    tmp_path: Path, reference: duckdb.DuckDBPyConnection
) -> None:
    businesses = [business(1), business(2, counted_from_date=date(2024, 5, 1), counted_from_year=2024)]
    folders = []
    for version, as_of in enumerate((AS_OF, date(2024, 6, 30)), 1):
        folders.append(draw_register(tmp_path / str(version), version, as_of, businesses))
        build_attainment(reference, folders[-1], as_of)
        keep_reference(reference, folders[-1])
    parts = told(*folders)
    assert parts["register_observed", 2024, "D1"] == {"as_of_changes": 1}
    assert parts["register_observed", 2023, "D1"] == parts["counted_businesses", None, None] == {}


def test_every_cause_but_that_of_targets_has_a_case() -> None:
    assert {cause for _, *parts in CASES.values() for part in parts for cause in part} == {*CAUSES} - {"target_changes"}


def deliver(settings: Settings, name: str, *places: int) -> None:
    write_sidt(settings.root.inbox / name, [{**stranger(place), "nomor_registrasi": f"R{place}"} for place in places])
    ingest_inbox(settings)


def test_a_version_tells_what_it_changes_and_diff_says_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAPAIAN_HOME", str(settings.home))
    for earlier, later, reason in (
        (None, None, "nothing is published"),
        (1, 2, "no version 1 is kept under .*; publish first"),
    ):
        with pytest.raises(ChangesError, match=reason):
            compare(settings, earlier, later)
    deliver(settings, "a.csv", 1, 2, 3)
    publish_all(settings, known=date(2025, 1, 1))
    assert published(settings, "SELECT count(*) FROM marts.whatchanged") == [(0,)]
    with pytest.raises(ChangesError, match="version 1 was built upon no other"):
        compare(settings)
    deliver(settings, "b.csv", 4, 5)
    publish_all(settings, known=date(2025, 1, 2))
    assert published(
        settings,
        "SELECT DISTINCT earlier_version, earlier_count, later_count, change_count FROM marts.whatchanged WHERE cause = 'late_deliveries' AND institution = 'capaian'",
    ) == [(1, 3, 5, 2)]
    for earlier, later, reason in (
        (1, 7, "no version 7 is kept under .*; kept are: 1, 2$"),
        (2, 1, "version 2 is not before version 1"),
    ):
        with pytest.raises(ChangesError, match=reason):
            compare(settings, earlier, later)
    assert diff(json_output=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["earlier"]["version"], document["later"]["known_date"]) == (1, "2025-01-02")
    assert document["figures"][0]["parts"] == {"late_deliveries": 2}
    monkeypatch.setattr(screens.console, "width", 80)
    assert diff(1, 2) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "from version 1, as of 2024-12-31, published on 2025-01-01" in shown
    assert "counted businesses 3 5 +2 late deliveries +2" in shown
    assert "9 of 22 headline figures did not change in any part." in shown
    assert diff(1, 9) == 2
    assert "no version 9 is kept" in capsys.readouterr().err


def test_a_part_that_is_missing_or_a_figure_counted_otherwise_publishes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(settings, "a.csv", 1, 2)
    publish_all(settings)
    deliver(settings, "b.csv", 3)
    build = releasing.build_changes

    def lossy(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
        build(con, folder)
        path = folder / "marts" / "whatchanged.parquet"
        kept = con.sql(f"FROM '{path}' WHERE cause <> 'late_deliveries'").to_arrow_table()
        con.register("kept", kept)
        con.execute(f"COPY kept TO '{path}' (FORMAT parquet)")

    with monkeypatch.context() as patch:
        patch.setattr(releasing, "build_changes", lossy)
        with pytest.raises(publishing.AuditError, match="the parts of 13 figures do not sum"):
            publish_all(settings)
    marts = releasing.build_attainment

    def wrong(settings: Settings, release: releasing.Release) -> None:
        marts(settings, release)
        path = release.folder / "marts" / "attainment_national.parquet"
        with settings.resources.connect() as con:
            con.register(
                "told",
                con.sql(f"SELECT * REPLACE (observed_count + 1 AS observed_count) FROM '{path}'").to_arrow_table(),
            )
            con.execute(f"COPY told TO '{path}' (FORMAT parquet)")

    with monkeypatch.context() as patch:
        patch.setitem(releasing.BUILD_STEPS, "build attainment", wrong)
        with pytest.raises(BalanceError, match="12 figures are counted otherwise"):
            publish_all(settings)
    assert published(settings, "SELECT version FROM meta.publication") == [(1,)]
    assert publish_all(settings) == 2
