"""Backfills: chosen deliveries done again equal everything built anew, and nothing comes in that was not let in."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest
from conftest import AS_OF, SIDT_DEFAULTS, ingest_inbox, publish_all, published, stranger, write_sidt

from flows import ingesting, integrity, releasing
from flows.backfilling import carry_out, plans
from flows.backfilling.plans import BackfillError, InputsChanged, cancel, make_plan, read_backfill
from flows.backfilling.request import BackfillRequest
from flows.running import running
from flows.settings import Settings
from warehouse import corrections
from warehouse.ledger import Ledger
from warehouse.tables import PUBLISHED_TABLES
from warehouse.tables.released import RELEASED_TABLES

HEADER = "source_register,registration_number,column_name,expect,replacement,reason,source,decided_date\n"
CODE_FIXES = "profile,column_name,wrong_text,right_text,reason,source,decided_date\n"
WRONG = "sidt,{},sells_on_marketplace,true,false,typed wrongly,letter of the district office,2024-02-01\n"
OF_THE_VERSION = {
    "meta.publication",
    "meta.certificate",
    "meta.versions",
    "meta.runs",
    "meta.attempts",
    "marts.whatchanged",
    "marts.stock_changes",
    "quality.corrections",
    "quality.suppression_log",
    *(table.full_name for table in RELEASED_TABLES),
}
"""Tables that tell of versions and runs, or hide what earlier versions hid: two ways to the same figures differ there."""


def decide(folder: Path, records: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "corrections.csv").write_text(HEADER + records, encoding="utf-8")
    (folder / "code_fixes.csv").write_text(CODE_FIXES, encoding="utf-8")


def deliver(settings: Settings) -> None:
    """Three provinces: 12 registrations of Bogor, 12 of Cilacap, 12 of Kulon Progo."""
    for place, (name, code, regency) in enumerate(
        (
            ("a", "32.01.01.2001", "KABUPATEN BOGOR"),
            ("b", "33.01.01.2001", "KABUPATEN CILACAP"),
            ("c", "34.01.01.2001", "KABUPATEN KULON PROGO"),
        )
    ):
        rows = [
            {
                "nomor_registrasi": f"{name.upper()}{one}",
                **stranger(12 * place + one),
                "kode_wilayah": code,
                "nama_kabkota": regency,
            }
            for one in range(12)
        ]
        write_sidt(settings.root.inbox / f"{name}.csv", rows)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root of three deliveries whose marketplaces were all corrected away, wrongly; version 1 is published."""
    home, decided = tmp_path_factory.mktemp("before") / "home", tmp_path_factory.mktemp("decided")
    settings = Settings(home=home, memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    deliver(settings)
    real = corrections.FOLDER
    decide(decided, "".join(WRONG.format(f"{name}{one}") for name in "ABC" for one in range(11)))
    corrections.FOLDER = decided
    try:
        ingest_inbox(settings)
        publish_all(settings)
    finally:
        corrections.FOLDER = real
    return home


@pytest.fixture
def settings(before: Path, tmp_path: Path) -> Settings:
    """A copy of that root, and no correction any more: all three deliveries were made from another rule book."""
    shutil.copytree(before, tmp_path / "home", symlinks=True)
    return Settings(home=tmp_path / "home", memory="1GB", threads=2)


def carried_out(settings: Settings, number: int, max_change: float | None = None, known: date = AS_OF) -> int | None:
    """A backfill carried out step by step, in the order of its flow."""
    with running(settings, f"backfill {number}") as journal:
        ingesting.open_data_root(settings)
        carry_out.let_in_what_was_allowed(settings)
        integrity.check_lake(settings)
        work = carry_out.open_backfill(settings, number, max_change)
        try:
            for file in work.due:
                carry_out.ingest_one(work, journal, file)
            release, effect = carry_out.plan_release(work, known, journal.run_id), ()
            if release:
                for build in releasing.BUILD_STEPS.values():
                    build(work.trial, release)
                effect = carry_out.weigh(work.trial, release)
                carry_out.refuse_surprise(work, effect, {})
            return carry_out.finish(work, {}, effect, release)
        except BaseException as error:
            carry_out.stop(work, error, {})
            raise


def killed(settings: Settings, how: str) -> None:
    """The first backfill begun in a process that kills itself."""
    code = f"import os\nfrom pathlib import Path\nfrom test_backfill import *\n{dedent(how)}\n"
    code += f"carried_out(Settings(home=Path({str(settings.home)!r}), memory='1GB', threads=2), 1)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=False)
    assert done.returncode == -9


def checksums(settings: Settings) -> dict[str, Any]:
    """Rows of every published table that does not tell of versions, without order."""
    with duckdb.connect(str(settings.root.database.resolve()), read_only=True) as con:
        return {
            table.full_name: con.execute(
                f"SELECT count(*), bit_xor(hash(one::VARCHAR)) FROM {table.full_name} AS one"
            ).fetchall()
            for table in PUBLISHED_TABLES
            if table.full_name not in OF_THE_VERSION
        }


def lake_files(settings: Settings) -> dict[str, str]:
    return {
        path.relative_to(settings.root.lake).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in settings.root.lake.glob("*/*")
        if path.parent.name != "linkage"
    }


def d1(settings: Settings) -> int:
    [(count,)] = published(
        settings,
        "SELECT observed_count FROM marts.attainment_national WHERE target_year = 2022 AND definition_code = 'D1' AND series = 'register_observed' AND indicator_code = 'umkm_digital'",
    )
    return int(count)


def test_one_delivery_done_again_leaves_the_others_byte_for_byte_and_equals_a_full_rebuild(
    settings: Settings, tmp_path: Path
) -> None:
    assert d1(settings) == 3
    [b] = [entry.sha256 for entry in Ledger(settings.root) if entry.file_name == "b.csv"]
    earlier = lake_files(settings)
    backfill = make_plan(settings, BackfillRequest(provinces={"33"}, max_change=99))
    assert [(one.file_name, one.reason) for one in backfill.due] == [
        ("b.csv", "made from other rules, profiles or code")
    ]
    assert carried_out(settings, backfill.number) == 2
    assert d1(settings) == 14
    later = lake_files(settings)
    assert {name for name in earlier | later if earlier.get(name) != later.get(name)} >= {f"{b}/entry.json"}
    assert all(name.startswith(b) for name in earlier | later if earlier.get(name) != later.get(name))
    done = read_backfill(settings.root, backfill.number)
    assert (done.state, done.version, done.done_count) == ("done", 2, 1)
    assert not plans.trial_home(settings.root, backfill.number).exists()

    rest = make_plan(settings, BackfillRequest(max_change=99))
    assert {one.file_name for one in rest.due} == {"a.csv", "c.csv"}
    assert carried_out(settings, rest.number) == 3
    anew = Settings(home=tmp_path / "anew", memory="1GB", threads=2)
    ingesting.open_data_root(anew)
    deliver(anew)
    ingest_inbox(anew)
    publish_all(anew)
    assert checksums(settings) == checksums(anew)
    assert {name: digest for name, digest in lake_files(settings).items() if name.endswith(".parquet")} == {
        name: digest for name, digest in lake_files(anew).items() if name.endswith(".parquet")
    }
    assert published(
        settings, "SELECT count(*), count(DISTINCT delivery_id), max(attempt_number) FROM meta.attempts"
    ) == [(3, 3, 1)]
    assert published(settings, "SELECT purpose, outcome FROM meta.runs ORDER BY run_id") == [
        ("backfill 1", "done"),
        ("backfill 2", "running"),
    ]


def test_a_surprise_is_refused_with_its_figures_and_nothing_comes_in_until_it_is_allowed(settings: Settings) -> None:
    earlier = lake_files(settings)
    backfill = make_plan(settings, BackfillRequest(provinces={"33"}, max_change=0.01))
    with pytest.raises(carry_out.Surprise, match=r"changes by 366\.7%; allowed are 1\.0%.*resume 1 --max-change"):
        carried_out(settings, backfill.number)
    refused = read_backfill(settings.root, backfill.number)
    assert (refused.state, refused.done_count) == ("refused", 1)
    assert ("register_observed", 2022, "D1", 3, 14) in [
        (one.figure, one.target_year, one.definition_code, one.earlier_count, one.later_count) for one in refused.effect
    ]
    assert lake_files(settings) == earlier
    assert (d1(settings), published(settings, "SELECT version FROM meta.publication")) == (3, [(1,)])
    assert carried_out(settings, backfill.number, max_change=4) == 2
    assert d1(settings) == 14
    with pytest.raises(BackfillError, match="is over"):
        carried_out(settings, backfill.number)


def test_a_backfill_that_was_killed_goes_on_with_what_is_left(settings: Settings) -> None:
    backfill = make_plan(settings, BackfillRequest(max_change=99))
    killed(
        settings,
        """
        ingest = carry_out.ingest_one
        def killed_at_the_second(work, journal, file):
            if file != work.due[0]:
                os.kill(os.getpid(), 9)
            ingest(work, journal, file)
        carry_out.ingest_one = killed_at_the_second
        """,
    )
    stopped = read_backfill(settings.root, backfill.number)
    assert (stopped.state, stopped.done_count) == ("interrupted", 1)
    assert carried_out(settings, backfill.number) == 2
    assert published(settings, "SELECT attempt_number, outcome, count(*) FROM meta.attempts GROUP BY ALL") == [
        (1, "validated", 3)
    ]
    assert published(settings, "SELECT purpose, outcome FROM meta.runs ORDER BY run_id") == [
        ("backfill 1", "interrupted"),
        ("backfill 1", "running"),
    ]


def test_a_backfill_that_was_killed_while_it_was_let_in_is_let_in_by_the_next_run(settings: Settings) -> None:
    backfill = make_plan(settings, BackfillRequest(max_change=99))
    killed(
        settings,
        """
        take, taken = Ledger.take, []
        def killed_at_the_second(ledger, sha256, folder):
            if folder.parent.parent.name == "trial" and folder.parent.name == "lake":
                taken.append(sha256)
            if len(taken) == 2:
                os.kill(os.getpid(), 9)
            take(ledger, sha256, folder)
        Ledger.take = killed_at_the_second
        """,
    )
    assert read_backfill(settings.root, backfill.number).state == "letting_in"
    assert d1(settings) == 3
    with pytest.raises(BackfillError, match="nothing is left to cancel"):
        cancel(settings.root, backfill.number)
    with running(settings, "nightly"):
        ingesting.open_data_root(settings)
        carry_out.let_in_what_was_allowed(settings)
        assert ingesting.plan_deliveries(settings) == []
        assert publish_all(settings) == 2
    assert d1(settings) == 36
    assert read_backfill(settings.root, backfill.number).state == "done"


def test_a_plan_whose_inputs_changed_is_not_carried_out(settings: Settings) -> None:
    backfill = make_plan(settings, BackfillRequest())
    write_sidt(settings.root.inbox / "d.csv", [{"nomor_registrasi": "d0"}])
    ingesting.land_inbox(settings)
    with pytest.raises(InputsChanged, match=r"1 deliveries arrived.*plan it again"):
        carried_out(settings, backfill.number)
    assert read_backfill(settings.root, backfill.number).state == "planned"


def test_a_cancelled_backfill_leaves_nothing(settings: Settings) -> None:
    earlier = lake_files(settings)
    backfill = make_plan(settings, BackfillRequest(max_change=0.01))
    with pytest.raises(carry_out.Surprise):
        carried_out(settings, backfill.number)
    assert cancel(settings.root, backfill.number).state == "cancelled"
    assert lake_files(settings) == earlier
    assert sorted(path.name for path in (settings.root.backfills / "000001").iterdir()) == ["plan.json", "state.json"]
    with pytest.raises(BackfillError, match="is over"):
        carried_out(settings, backfill.number)


def test_one_at_work_stops_after_the_delivery_at_hand_when_it_is_cancelled(settings: Settings) -> None:
    backfill = make_plan(settings, BackfillRequest())
    with running(settings, f"backfill {backfill.number}") as journal:
        work = carry_out.open_backfill(settings, backfill.number)
        carry_out.ingest_one(work, journal, work.due[0])
        assert cancel(settings.root, backfill.number).state == "running"
        with pytest.raises(carry_out.Cancelled) as stopped:
            carry_out.ingest_one(work, journal, work.due[1])
        carry_out.stop(work, stopped.value, {})
    assert read_backfill(settings.root, backfill.number).state == "cancelled"


def test_files_of_a_backfill_are_closed_to_others(settings: Settings) -> None:
    backfill = make_plan(settings, BackfillRequest())
    folder = settings.root.backfills / "000001"
    assert backfill.number == 1
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert SIDT_DEFAULTS["nik"] not in text
