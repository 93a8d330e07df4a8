"""What simulated exports promise: the same bytes for a seed, the layout of the profiles, and a truth that is true.

The rows of one census of 50,000 registrations are read back from the delivered bytes, line by line, at the lines that
the truth names; nothing here looks into the simulator.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from transforms.simulation import NoiseOutOfRange, SimulatedFile, exports, simulate

WAREHOUSE = Path(__file__).parent.parent / "warehouse"
TRUTH_COLUMNS = [
    ("file_name", "VARCHAR"),
    ("line_number", "INTEGER"),
    ("registration_number", "VARCHAR"),
    ("business_key", "BIGINT"),
    ("owner_key", "BIGINT"),
    ("case_class", "VARCHAR"),
    ("defects", "VARCHAR[]"),
]
SAME_BUSINESS = {"duplicate", "exact_duplicate", "superseded", "renamed", "moved"}
SAME_OWNER = SAME_BUSINESS | {"two_businesses", "branch"}
CASE_CLASSES = SAME_OWNER | {
    "single",
    "namesake",
    "father_son",
    "twins",
    "generic_name",
    "facilitator_phone",
    "cooperative",
    "cross_wave",
}
FIELD_PERIODS = {
    "sidt-2022": (dt.date(2022, 4, 1), dt.date(2022, 9, 30)),
    "bps-2023": (dt.date(2023, 9, 15), dt.date(2023, 10, 14)),
}


# --- one census, read back --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A registration as delivered (`texts` by our column names) with what is true of it."""

    profile: str
    line_number: int
    registration_number: str
    business_key: int
    owner_key: int
    case_class: str
    defects: frozenset[str]
    texts: dict[str, str] = field(repr=False)

    def __getitem__(self, column: str) -> str:
        return self.texts[column]

    @property
    def birth_date(self) -> dt.date:
        return as_date(self["owner_birth_date"])

    @property
    def is_cooperative(self) -> bool:
        return self.case_class == "cooperative"


@dataclass(frozen=True)
class Census:
    """Simulated deliveries in a folder."""

    folder: Path
    truth: Path
    files: list[SimulatedFile]
    rows: list[Row]
    told: list[tuple[str, int]]
    """The progress, as it was told."""

    def of(self, case_class: str) -> list[Row]:
        return [row for row in self.rows if row.case_class == case_class]

    def with_base(self, case_class: str) -> Iterator[tuple[Row, Row]]:
        """Each clean row of the class beside the clean row that opens its group of four."""
        singles = {row.business_key: row for row in self.of("single")}
        for row in self.of(case_class):
            base = singles[row.business_key - row.business_key % 4]
            if not base.defects and not row.defects:
                yield base, row


def as_date(text: str) -> dt.date:
    """The date of a clean text of either profile."""
    return dt.datetime.strptime(text, "%d/%m/%Y" if "/" in text else "%Y-%m-%d").date()


def connect(threads: int = 2) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": threads})
    con.execute("CREATE SCHEMA reference")
    for path in sorted((WAREHOUSE / "reference").glob("*.csv")):
        con.execute(
            f"CREATE TABLE reference.{path.stem} AS SELECT * FROM read_csv($path, all_varchar = true)",
            {"path": str(path)},
        )
    return con


def profile_columns(profile: str) -> dict[str, str]:
    """Header to column of the profile; the owner's name is read from the brackets where it has no header of its own."""
    document = tomllib.loads((WAREHOUSE / "sources" / f"{profile}.toml").read_text(encoding="utf-8"))
    return {aliases[0]: column for column, aliases in reversed(document["columns"].items())}


def sheet_cells(path: Path) -> list[list[object]]:
    """All cells of the first sheet from row 1 on."""
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)


def read_rows(folder: Path, file: SimulatedFile, truth: list[tuple]) -> Iterator[Row]:
    """The rows of one delivery at the lines that the truth names, whatever the field count."""
    assert file.profile
    is_sidt = file.profile == "sidt-2022"
    if file.file_name.endswith(".xlsx"):
        cells = sheet_cells(folder / file.file_name)
        header, line_of = [str(cell) for cell in cells[1]], None
    else:
        encoding = "utf-8"
        content = (folder / file.file_name).read_bytes()
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            encoding = "cp1252"
        line_of = content.decode(encoding).split("\n")
        header = line_of[0 if is_sidt else 1].split(";" if is_sidt else ",")
    columns = profile_columns(file.profile)
    for _, line_number, number, business_key, owner_key, case_class, defects in truth:
        if line_of is None:
            values = [f"{cell:.0f}" if isinstance(cell, float) else str(cell) for cell in cells[line_number - 1]]
        else:
            last = line_number + ("quoted_newline" in defects)
            text = "\n".join(line_of[line_number - 1 : last])
            values = next(csv.reader(io.StringIO(text, newline=""), delimiter=";" if is_sidt else ",", strict=True))
        texts = {columns.get(name, name): value for name, value in zip(header, values, strict=False)}
        texts["field_count"] = str(len(values) - len(header))
        if not is_sidt:
            parts = [texts.get(name, "") for name in ("kdprov", "kdkab", "kdkec", "kddesa")]
            texts["source_region_code"] = "".join(parts)
            opening = next((mark for mark in "<({" if mark in texts["business_name"]), None)
            shop, _, owner = texts["business_name"].partition(opening) if opening else (texts["business_name"], "", "")
            texts["business_name"], texts["owner_name"] = shop.strip(), owner.rstrip(">)} ")
        yield Row(file.profile, line_number, number, business_key, owner_key, case_class, frozenset(defects), texts)


@pytest.fixture(scope="module")
def census(tmp_path_factory: pytest.TempPathFactory) -> Census:
    folder = tmp_path_factory.mktemp("census") / "inbox"
    truth = folder.parent / "truth.parquet"
    told: list[tuple[str, int]] = []
    with connect() as con:
        files = simulate(con, 50_000, 1, folder, truth, lambda name, rows: told.append((name, rows)))
        found = defaultdict(list)
        for row in con.execute("SELECT * FROM read_parquet($truth)", {"truth": str(truth)}).fetchall():
            found[row[0]].append(row)
    rows = [row for file in files if file.profile for row in read_rows(folder, file, found[file.file_name])]
    return Census(folder, truth, files, rows, told)


@pytest.fixture(scope="module")
def reference() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as con:
        yield con


def sha256s(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def simulated_bytes(folder: Path, seed: int, threads: int) -> dict[str, str]:
    with connect(threads) as con:
        simulate(con, 3_000, seed, folder / "inbox", folder / "truth.parquet")
    return sha256s(folder)


# --- bytes and files --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The bytes of seed 7, made by two threads."""
    return simulated_bytes(tmp_path_factory.mktemp("seven"), 7, threads=2)


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_threads(
    tmp_path: Path, seven: dict[str, str]
) -> None:
    assert simulated_bytes(tmp_path, 7, threads=1) == seven
    assert {Path(name).suffix for name in seven} == {".csv", ".xlsx", ".parquet"}


def test_another_seed_gives_other_bytes(tmp_path: Path, seven: dict[str, str]) -> None:
    other = simulated_bytes(tmp_path, 8, threads=2)
    assert seven.keys() == other.keys()
    assert all(seven[name] != other[name] for name in seven)


def test_noise_multiplies_the_damage_and_changes_nobody(tmp_path: Path) -> None:
    def truth_of(noise: float) -> dict[int, tuple[object, ...]]:
        truth = tmp_path / f"{noise}.parquet"
        with connect() as con:
            simulate(con, 8_000, 3, tmp_path / str(noise), truth, noise=noise)
        table = pq.read_table(truth).to_pylist()
        return {
            place: (row["business_key"], row["owner_key"], row["case_class"], len(row["defects"]))
            for place, row in enumerate(table)
        }

    usual, noisy = truth_of(1.0), truth_of(1.5)
    assert {place: row[:3] for place, row in usual.items()} == {place: row[:3] for place, row in noisy.items()}
    counts = [sum(row[3] for row in rows.values()) for rows in (usual, noisy)]
    assert 1.4 < counts[1] / counts[0] < 1.6


@pytest.mark.parametrize("noise", [0, -1, 2.5, float("nan")])
def test_a_noise_out_of_range_is_refused(tmp_path: Path, noise: float) -> None:
    with connect() as con, pytest.raises(NoiseOutOfRange):
        simulate(con, 100, 1, tmp_path, noise=noise)


def test_chunks_leave_no_trace_in_the_exports(
    tmp_path: Path, seven: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "CHUNK_ROWS", 512)
    parts = simulated_bytes(tmp_path, 7, threads=2)
    assert [name for name in seven if parts[name] != seven[name]] in ([], ["truth.parquet"])  # row groups may differ


def test_a_small_census_is_twelve_files(census: Census) -> None:
    kinds = Counter((file.profile, Path(file.file_name).suffix) for file in census.files)
    assert kinds == {("sidt-2022", ".csv"): 7, ("bps-2023", ".csv"): 3, ("bps-2023", ".xlsx"): 1, (None, ".csv"): 1}
    assert {file.file_name for file in census.files} == {path.name for path in census.folder.iterdir()}
    assert next(file.row_count for file in census.files if file.file_name.endswith(".xlsx")) <= 2_000


@pytest.mark.parametrize("rows", [100, 3_001])
def test_the_row_count_is_exact(tmp_path: Path, rows: int) -> None:
    with connect() as con:
        files = simulate(con, rows, 1, tmp_path)
    assert sum(file.row_count for file in files) == rows


def test_every_delivery_holds_the_rows_it_claims(census: Census) -> None:
    assert len(census.rows) == 50_000
    claimed = Counter[str | None]()
    for file in census.files:
        claimed[file.profile] += file.row_count
    assert Counter(row.profile for row in census.rows) == {name: count for name, count in claimed.items() if name}


def test_a_file_names_its_wave(census: Census) -> None:
    waves = {(file.profile, file.wave) for file in census.files}
    assert waves == {("sidt-2022", 2022), ("bps-2023", 2023), (None, None)}


def test_progress_is_told_of_each_delivery(census: Census) -> None:
    assert census.told == [(file.file_name, file.row_count) for file in census.files if file.profile]


@pytest.mark.parametrize("profile", ["sidt-2022", "bps-2023"])
def test_the_headers_are_those_of_the_profile(census: Census, profile: str) -> None:
    document = tomllib.loads((WAREHOUSE / "sources" / f"{profile}.toml").read_text(encoding="utf-8"))
    wanted = {aliases[0] for aliases in document["columns"].values()} | set(document["file"]["ignored_headers"])
    wanted |= set(document["values"].get("region_code_parts", {}))
    for file in census.files:
        if file.profile == profile and file.file_name.endswith(".csv"):
            lines = (census.folder / file.file_name).read_bytes().split(b"\n")
            header = lines[document["file"]["header_rows"] - 1].decode().split(document["file"]["delimiter"])
            assert set(header) == wanted
            assert len(header) == len(set(header))


def test_group_titles_stand_above_the_headers_of_2023(census: Census) -> None:
    for file in census.files:
        if file.profile == "bps-2023" and file.file_name.endswith(".csv"):
            titles = (census.folder / file.file_name).read_text(encoding="utf-8").split("\n")[0].split(",")
            assert titles[0] == "IDENTITAS"
            assert 3 < sum(title != "" for title in titles) < 10


def test_the_recap_fits_no_profile(census: Census) -> None:
    recap = next(file for file in census.files if file.profile is None)
    header = (census.folder / recap.file_name).read_text(encoding="utf-8").split("\n")[0].split(",")
    assert recap.row_count == 0
    assert {"kode_provinsi", "jenis_usaha", "jumlah_umkm", "satuan", "tahun"} <= set(header)
    assert not set(header) & {*profile_columns("sidt-2022"), *profile_columns("bps-2023")}


# --- the truth --------------------------------------------------------------------------------------------------------


def test_the_truth_has_its_columns_in_order(census: Census, reference: duckdb.DuckDBPyConnection) -> None:
    described = reference.execute(
        "DESCRIBE SELECT * FROM read_parquet($truth)", {"truth": str(census.truth)}
    ).fetchall()
    assert [(row[0], row[1]) for row in described] == TRUTH_COLUMNS


def test_every_row_has_a_business_an_owner_and_sorted_defects(
    census: Census, reference: duckdb.DuckDBPyConnection
) -> None:
    faults = reference.execute(
        "SELECT count(*) FROM read_parquet($truth) WHERE business_key IS NULL OR owner_key IS NULL OR defects IS NULL"
        " OR defects <> list_sort(list_distinct(defects))",
        {"truth": str(census.truth)},
    ).fetchall()[0][0]
    assert faults == 0


def test_the_truth_names_the_line_of_every_registration(census: Census) -> None:
    """For every row of every CSV the physical line holds the registration number, unless the number is missing."""
    for file in census.files:
        if not file.profile or file.file_name.endswith(".xlsx"):
            continue
        lines = (census.folder / file.file_name).read_bytes().split(b"\n")
        delimiter = b";" if file.profile == "sidt-2022" else b","
        with connect() as con:
            truth = con.execute(
                "SELECT line_number, registration_number, defects FROM read_parquet($truth) WHERE file_name = $name",
                {"truth": str(census.truth), "name": file.file_name},
            ).fetchall()
        assert len(truth) == file.row_count
        for line_number, number, defects in truth:
            shown = b"" if "registration_number_missing" in defects else number.encode()
            assert lines[line_number - 1].startswith(shown + delimiter), (file.file_name, line_number)
        header_lines = 1 if file.profile == "sidt-2022" else 2
        named = {line_number for line_number, _, _ in truth}
        named |= {line_number + 1 for line_number, _, defects in truth if "quoted_newline" in defects}
        others = [line for place, line in enumerate(lines, 1) if place > header_lines and place not in named]
        assert set(others) == {b""}, "what the truth does not name are blank lines only"


def test_rows_of_a_sheet_are_numbered_like_its_rows(census: Census) -> None:
    sheet = [row for row in census.rows if row.profile == "bps-2023"][-2_000:]
    assert [row.line_number for row in sheet] == list(range(3, 2_003))
    assert all(row["registration_number"] == row.registration_number for row in sheet if not row.defects)


@pytest.mark.parametrize("case_class", sorted(CASE_CLASSES))
def test_every_case_class_occurs(census: Census, case_class: str) -> None:
    assert census.of(case_class)
    assert {row.case_class for row in census.rows} <= CASE_CLASSES


# --- defects ----------------------------------------------------------------------------------------------------------

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Ag", "Sep", "Okt", "Nov", "Des")
_STATUS = {"status_duplicate": "Duplikat", "status_not_found": "Tidak Ditemukan", "status_closed": "Tutup"}
_STATUS_CODE = {"status_duplicate": "9", "status_not_found": "6", "status_wrong_region": "10", "status_closed": "4"}


def _has_status(name: str) -> Callable[[Row], bool]:
    text = _STATUS.get(name, "Salah Kode Wilayah")
    code = _STATUS_CODE[name]
    return lambda row: row["business_status_code"] in (text, code, f"{code}. {text}")


def _is_sex_of_nik(row: Row) -> bool:
    return (row["nik"].strip("'")[6:8] > "40") == (row["owner_sex_code"] in ("P", "2"))


SHOWS: dict[str, Callable[[Row], bool]] = {
    "nik_excel_exponent": lambda row: row["nik"].endswith("E+15") and row["nik"][1] in ".,",
    "nik_excel_rounded": lambda row: len(row["nik"]) == 16 and row["nik"].endswith("0"),
    "nik_apostrophe": lambda row: row["nik"].startswith("'"),
    "nik_missing": lambda row: row["nik"] == "" and not row.is_cooperative,
    "nik_malformed": lambda row: row["nik"].isdigit() and len(row["nik"]) == 15,
    "phone_lost_zero": lambda row: row["phone"].startswith("8"),
    "phone_placeholder": lambda row: row["phone"] == "0000",
    "money_short_form": lambda row: row["omzet_idr"].endswith((" juta", " jt", "rb")),
    "money_unreadable": lambda row: row["omzet_idr"] == "tidak tahu",
    "date_month_name": lambda row: any(month in row["owner_birth_date"] for month in _MONTHS),
    "date_impossible": lambda row: row["owner_birth_date"] == "31/02/1980",
    "kbli_missing": lambda row: row["kbli_code"] == "",
    "kbli_unknown": lambda row: row["kbli_code"] == "99999",
    "kbli_out_of_scope": lambda row: row["kbli_code"] == "01111",
    "region_unknown_code": lambda row: row["source_region_code"].startswith(("99.88", "9988")),
    "region_missing": lambda row: row["source_region_code"] == "",
    **{name: _has_status(name) for name in _STATUS_CODE},
    "coordinates_swapped": lambda row: float(row["latitude"].replace(",", ".")) > 90,
    "business_name_missing": lambda row: row["business_name"] == "",
    "registration_number_missing": lambda row: row["registration_number"] == "",
    "sex_disagrees": lambda row: len(row["nik"].strip("'")) in (15, 16) and not _is_sex_of_nik(row),
    "unparsable_line": lambda row: row["field_count"] != "0",
    "quoted_newline": lambda row: "\n" in row["address"],
    "placeholder": lambda row: row["address"] == "-",
}
NOT_SHOWN = {"region_other_system"}
"""Known by the code lists only, see `test_clean_region_codes_name_their_regency`."""


@pytest.mark.parametrize("name", sorted({*SHOWS, "region_other_system"}))
def test_every_defect_occurs(census: Census, name: str) -> None:
    assert any(name in row.defects for row in census.rows)
    assert {defect for row in census.rows for defect in row.defects} <= {*SHOWS, *NOT_SHOWN}


@pytest.mark.parametrize("name", sorted(set(SHOWS) - {"unparsable_line"}))
def test_a_defect_in_the_truth_is_in_the_line(census: Census, name: str) -> None:
    # A NIK that is itself damaged beyond its sex does not disagree any more.
    blind = {"sex_disagrees": {"nik_missing", "nik_excel_exponent"}}.get(name, set())
    marked = [row for row in census.rows if name in row.defects and not row.defects & ({"unparsable_line"} | blind)]
    assert [row for row in marked if not SHOWS[name](row)] == []


def test_unparsable_lines_have_another_number_of_fields(census: Census) -> None:
    counts = {row["field_count"] for row in census.rows if "unparsable_line" in row.defects}
    assert counts
    assert "0" not in counts


def test_unparsable_lines_have_too_many_or_too_few_fields(census: Census) -> None:
    counts = [int(row["field_count"]) for row in census.rows if "unparsable_line" in row.defects]
    assert min(counts) < 0 < max(counts)


def test_a_line_without_defects_shows_none(census: Census) -> None:
    clean = [row for row in census.rows if not row.defects]
    assert len(clean) > 40_000
    for name, shows in SHOWS.items():
        if name == "nik_excel_rounded":
            continue
        assert [row for row in clean if shows(row)] == [], name


def test_a_nik_stored_as_a_number_has_lost_its_last_digit(census: Census) -> None:
    """Excel stores 15 digits: the cell holds a number that ends in 0, and the truth says so."""
    file = next(file for file in census.files if file.file_name.endswith(".xlsx"))
    cells = sheet_cells(census.folder / file.file_name)
    place = cells[1].index("nik_pemilik")
    sheet = [row for row in census.rows if row.profile == "bps-2023"][-file.row_count :]
    numbers = [(cell, row) for row in sheet if isinstance(cell := cells[row.line_number - 1][place], float)]
    assert len(numbers) > 100
    assert all(f"{number:.0f}".endswith("0") and "nik_excel_rounded" in row.defects for number, row in numbers)


# --- clean rows -------------------------------------------------------------------------------------------------------


def test_a_clean_nik_agrees_with_sex_and_birth_date(census: Census) -> None:
    persons = [row for row in census.rows if not row.defects and not row.is_cooperative and row["nik"][-1] != "0"]
    assert len(persons) > 40_000
    for row in persons:
        nik = row["nik"]
        is_female = row["owner_sex_code"] in ("P", "2")
        assert len(nik) == 16
        assert nik.isdigit()
        assert nik[6:12] == f"{row.birth_date.day + 40 * is_female:02}{row.birth_date:%m%y}", row
        assert nik[12:] != "0000"


def test_interviews_lie_in_the_field_period(census: Census) -> None:
    for row in census.rows:
        if "unparsable_line" not in row.defects and row.case_class != "superseded":
            first, last = FIELD_PERIODS[row.profile]
            assert first <= as_date(row["enumerated_date"]) <= last, row


def test_interviews_of_superseded_rows_lie_in_the_field_period(census: Census) -> None:
    for row in census.of("superseded"):
        if "unparsable_line" not in row.defects:
            first, last = FIELD_PERIODS[row.profile]
            assert first <= as_date(row["enumerated_date"]) <= last, row


def test_clean_activities_are_subclasses_inside_the_scope(census: Census, reference: duckdb.DuckDBPyConnection) -> None:
    known = dict(
        reference.execute("SELECT kbli_code, section_code FROM reference.kbli WHERE level = 'subclass'").fetchall()
    )
    assert {known[row["kbli_code"]] for row in census.rows if not row.defects}.isdisjoint({"A", "O", "T"})


def test_clean_region_codes_name_their_regency(census: Census, reference: duckdb.DuckDBPyConnection) -> None:
    """Kemendagri codes of 2022 or BPS codes, and the other system's code only where the truth says so."""
    codes = {
        (system, code.replace(".", "")): name
        for system, code, name in reference.execute(
            "SELECT code_system, source_code, upper(regency_name) FROM reference.regency_codes"
            " JOIN reference.regencies USING (regency_code) WHERE (code_system, code_vintage) IN"
            " (('kemendagri', '2022'), ('bps', '2020'))"
        ).fetchall()
    }
    systems = {"sidt-2022": ("kemendagri", "bps"), "bps-2023": ("bps", "kemendagri")}
    for row in census.rows:
        if row.defects and row.defects != {"region_other_system"}:
            continue
        own, other = systems[row.profile]
        code = row["source_region_code"].replace(".", "")[:4]
        if row.defects:
            assert codes[other, code] == row["source_regency_name"]
            assert codes.get((own, code)) != row["source_regency_name"]
        else:
            assert codes[own, code] == row["source_regency_name"]


def test_the_waves_share_no_regency(census: Census) -> None:
    waves = defaultdict(set)
    for row in census.rows:
        if not row.defects:
            waves[row.profile].add(row["source_regency_name"])
    assert len(waves["sidt-2022"]) > 50
    assert len(waves["bps-2023"]) > 20
    assert waves["sidt-2022"].isdisjoint(waves["bps-2023"])


def test_places_lie_in_indonesia(census: Census) -> None:
    for row in census.rows:
        if not row.defects:
            assert -11.1 <= float(row["latitude"].replace(",", ".")) <= 6.1
            assert 94.9 <= float(row["longitude"].replace(",", ".")) <= 141.1


def test_channels_imply_the_internet(census: Census) -> None:
    channels = [name for name in profile_columns("sidt-2022").values() if name.startswith("sells_")]
    for row in census.rows:
        if not row.defects and any(row[name] in ("Ya", "1") for name in channels):
            assert row["uses_internet"] in ("Ya", "1")


def test_about_half_use_the_internet(census: Census) -> None:
    clean = [row for row in census.rows if not row.defects]
    online = [row for row in clean if row["uses_internet"] in ("Ya", "1")]
    assert 0.5 < len(online) / len(clean) < 0.6
    assert all(row in online for row in [r for r in clean if r["accepts_epayment"] in ("Ya", "1")][:500])


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [
        ("sells_on_marketplace", 0.18, 0.26),
        ("sells_on_instant_messaging", 0.40, 0.52),
        ("sells_on_social_media", 0.25, 0.36),
        ("accepts_epayment", 0.20, 0.30),
        ("sells_on_own_website", 0.01, 0.03),
        ("sells_on_ekatalog", 0.004, 0.016),
    ],
)
def test_digital_adoption_is_plausible(census: Census, column: str, low: float, high: float) -> None:
    clean = [row for row in census.rows if not row.defects]
    assert low < sum(row[column] in ("Ya", "1") for row in clean) / len(clean) < high


def test_nothing_was_digital_before_the_business_or_after_the_wave(census: Census) -> None:
    for row in census.rows:
        if not row.defects and row["digital_since_year"]:
            assert 2014 <= int(row["digital_since_year"]) <= int(row.profile[-4:])


# --- case classes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case_class", sorted(SAME_BUSINESS))
def test_the_same_business_is_in_the_truth_again(census: Census, case_class: str) -> None:
    singles = {row.business_key: row for row in census.of("single")}
    for row in census.of(case_class):
        assert row.owner_key == singles[row.business_key].owner_key
        assert row.profile == singles[row.business_key].profile


def test_registration_numbers_repeat_only_where_one_supersedes_the_other(census: Census) -> None:
    numbers = Counter(row.registration_number for row in census.rows if row.case_class != "superseded")
    assert max(numbers.values()) == 1
    assert all(row.registration_number in numbers for row in census.of("superseded"))


def test_an_exact_duplicate_shows_the_same_person_and_shop(census: Census) -> None:
    bases = {row.business_key: row for row in census.of("single") if not row.defects}
    found = [row for row in census.of("exact_duplicate") if not row.defects and row.business_key in bases]
    assert len(found) > 500
    for row in found:
        base = bases[row.business_key]
        assert row.registration_number != base.registration_number
        assert [row[name] for name in ("nik", "owner_name", "business_name", "address")] == [
            base[name] for name in ("nik", "owner_name", "business_name", "address")
        ]


def test_a_superseding_row_is_later(census: Census) -> None:
    bases = {row.business_key: row for row in census.of("single") if not row.defects}
    found = [row for row in census.of("superseded") if not row.defects and row.business_key in bases]
    assert found
    for row in found:
        assert as_date(row["enumerated_date"]) > as_date(bases[row.business_key]["enumerated_date"])


@pytest.mark.parametrize("case_class", ["two_businesses", "branch"])
def test_one_owner_has_two_businesses(census: Census, case_class: str) -> None:
    bases = {row.business_key: row for row in census.of("single") if not row.defects}
    found = [row for row in census.of(case_class) if not row.defects and row.owner_key in bases]
    assert len(found) > 100
    for row in found:
        base = bases[row.owner_key]
        assert row.business_key != base.business_key
        # the sheet rounds the last digit
        assert row["nik"][:15] == base["nik"][:15]
        if case_class == "branch":
            assert row["business_name"].startswith(base["business_name"])
            assert row["kbli_code"] == base["kbli_code"]


def test_two_businesses_are_of_two_trades(census: Census) -> None:
    bases = {row.business_key: row for row in census.of("single") if not row.defects}
    for row in census.of("two_businesses"):
        if not row.defects and row.owner_key in bases:
            assert row["kbli_code"] != bases[row.owner_key]["kbli_code"]
            assert row["business_name"] != bases[row.owner_key]["business_name"]


def test_a_moved_business_is_at_another_place(census: Census) -> None:
    bases = {row.business_key: row for row in census.of("single") if not row.defects}
    found = [row for row in census.of("moved") if not row.defects and row.business_key in bases]
    assert found
    for row in found:
        base = bases[row.business_key]
        assert row["source_region_code"] != base["source_region_code"]
        assert row["address"] != base["address"]


def test_twins_differ_in_the_last_digit(census: Census) -> None:
    pairs = list(census.with_base("twins"))
    assert len(pairs) > 50
    for base, row in pairs:
        assert row["nik"][:15] == base["nik"][:15]
        assert row["nik"] != base["nik"] or row["nik"].endswith("0")
        assert row.birth_date == base.birth_date
        assert row.owner_key != base.owner_key
        assert row.business_key != base.business_key


def test_namesakes_are_two_persons(census: Census) -> None:
    pairs = list(census.with_base("namesake"))
    assert len(pairs) > 50
    for base, row in pairs:
        assert row["owner_name"] == base["owner_name"]
        assert row["source_region_code"] == base["source_region_code"]
        assert row["nik"] != base["nik"]
        assert row.owner_key != base.owner_key


def test_father_and_son_are_men_a_generation_apart_at_one_address(census: Census) -> None:
    pairs = list(census.with_base("father_son"))
    assert len(pairs) > 50
    for base, row in pairs:
        assert {row["owner_sex_code"], base["owner_sex_code"]} <= {"L", "1"}
        assert abs((row.birth_date - base.birth_date).days) > 18 * 365
        assert row["address"] == base["address"]
        assert row.owner_key != base.owner_key


def test_cooperatives_have_their_own_numbers(census: Census) -> None:
    for row in census.of("cooperative"):
        if not row.defects:
            assert row["nik"] == row["owner_name"] == row["owner_sex_code"] == row["owner_birth_date"] == ""
            assert row["cooperative_number"]
            assert row["legal_entity_number"]
            assert row["legal_form_code"] == "Koperasi"
    others = [row for row in census.rows if row.case_class != "cooperative" and not row.defects]
    assert not any(row["cooperative_number"] or row["legal_entity_number"] for row in others)


def test_generic_names_are_just_a_word(census: Census) -> None:
    names = {row["business_name"] for row in census.of("generic_name") if not row.defects}
    assert {"WARUNG", "KIOS", "TOKO KELONTONG"} <= names
    assert len(names) < 6


def test_a_helper_gives_one_phone_number_for_dozens(census: Census) -> None:
    phones = Counter(row["phone"] for row in census.of("facilitator_phone") if not row.defects)
    assert max(phones.values()) >= 24
