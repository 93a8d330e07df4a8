"""What the facts in `warehouse/reference/*.csv` promise to everything that reads them."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "warehouse" / "reference"

# Table: its columns, `source` last.
HEADERS = {
    "business_statuses": "business_status_code,business_status_name,is_counted,source",
    "anchors": "anchor_id,measure,measure_key,published_value,tolerance_ratio,statement,source",
    "census_waves": "wave,planned_record_count,planned_regency_count,record_count,regency_count,province_count,"
    "field_start_date,field_end_date,source",
    "channels": "channel_code,channel_name,channel_name_en,definition_code,source",
    "definitions": "definition_code,definition_rank,definition_name,definition_name_en,definition_text,source",
    "increment_plans": "increment_year,increment_channel,planned_count,announced_total_count,source",
    "kbli": "kbli_code,title,level,section_code,source",
    "legal_forms": "legal_form_code,legal_form_name,business_kind,source",
    "official_reports": "report_id,indicator_code,institution,as_of_date,date_precision,reported_count,statement,"
    "source",
    "population_bases": "population_year,unit_count,population_name,source",
    "provinces": "frame_code,province_code,province_name,bps_province_code,valid_from,valid_to,source",
    "regencies": "regency_code,regency_name,regency_kind,province_code_38,province_code_34,source",
    "regency_codes": "code_system,code_vintage,source_code,source_name,regency_code,source",
    "regency_reports": "report_id,indicator_code,institution,regency_code,report_year,reported_count,statement,source",
    "size_classes": "size_class_code,size_rule,lower_exclusive_idr,upper_inclusive_idr,size_class_name,source",
    "targets": "indicator_code,target_year,target_count,target_basis,announced_date,source",
}
KEYS = {
    "business_statuses": ["business_status_code"],
    "anchors": ["anchor_id"],
    "census_waves": ["wave"],
    "channels": ["channel_code"],
    "definitions": ["definition_code"],
    "increment_plans": ["increment_year", "increment_channel"],
    "kbli": ["kbli_code"],
    "legal_forms": ["legal_form_code"],
    "official_reports": ["report_id"],
    "population_bases": ["population_year"],
    "provinces": ["frame_code", "province_code"],
    "regencies": ["regency_code"],
    "regency_codes": ["code_system", "code_vintage", "source_code"],
    "regency_reports": ["report_id"],
    "size_classes": ["size_rule", "size_class_code"],
    "targets": ["indicator_code", "target_year"],
}
VINTAGES = [("bps", "2020"), ("bps", "2024"), ("kemendagri", "2022"), ("kemendagri", "2025")]
NEW_PROVINCES = {"93", "94", "95", "96"}

# In the OSS list but of an older KBLI: no class of KBLI 2020 holds them, so they hang on their group.
LEFT_OVER = {"74100", "77301"}
# Absent from the OSS list and added here, each marked as assumed.
ADDED = {"11020", "4942", "92", "920", "9200", "92000"}


def read(table: str) -> list[dict[str, str]]:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def codes(system: str, vintage: str) -> dict[str, str]:
    """Digits of the code to the regency it means."""
    return {
        row["source_code"].replace(".", ""): row["regency_code"]
        for row in read("regency_codes")
        if (row["code_system"], row["code_vintage"]) == (system, vintage)
    }


def differing(one: dict[str, str], other: dict[str, str]) -> int:
    """How many regencies have another code in the other list."""
    code_of = {regency: code for code, regency in other.items()}
    return sum(code_of[regency] != code for code, regency in one.items())


def colliding(one: dict[str, str], other: dict[str, str]) -> int:
    """How many codes are in both lists and mean another regency."""
    return sum(code in other and other[code] != regency for code, regency in one.items())


# --- every file -------------------------------------------------------------------------------------------------------


def test_the_folder_holds_exactly_the_reference_tables() -> None:
    assert {path.stem for path in FOLDER.glob("*.csv")} == {*HEADERS, "corrections", "code_fixes"}


@pytest.mark.parametrize("table", HEADERS)
def test_every_file_has_its_columns_and_no_ragged_row(table: str) -> None:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    assert header == HEADERS[table].split(",")
    assert rows
    assert {len(row) for row in rows} == {len(header)}


@pytest.mark.parametrize("table", HEADERS)
def test_every_row_names_its_source(table: str) -> None:
    assert [row for row in read(table) if not row["source"].strip()] == []


@pytest.mark.parametrize("table", HEADERS)
def test_an_assumption_is_said_first_and_with_its_reason(table: str) -> None:
    sources = {row["source"] for row in read(table) if "assumed" in row["source"].lower()}
    assert [source for source in sources if not re.match(r"assumed: \S.{10}", source)] == []


@pytest.mark.parametrize("table", HEADERS)
def test_every_file_is_plain_utf8_with_unix_lines_and_minimal_quoting(table: str) -> None:
    raw = (FOLDER / f"{table}.csv").read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert raw.endswith(b"\n") and not raw.endswith(b"\n\n")
    text = raw.decode("utf-8")
    assert [quoted for quoted in re.findall(r'"([^"\n]*)"', text) if "," not in quoted and quoted] == []


@pytest.mark.parametrize("table", HEADERS)
def test_no_value_has_stray_whitespace(table: str) -> None:
    assert [value for row in read(table) for value in row.values() if value != " ".join(value.split())] == []


@pytest.mark.parametrize("table", HEADERS)
def test_no_file_names_a_path_of_a_machine(table: str) -> None:
    text = (FOLDER / f"{table}.csv").read_text(encoding="utf-8")
    assert re.findall(r"/(?:work|tmp|home|root|Users|mnt)/|[A-Z]:\\", text) == []


@pytest.mark.parametrize("table", HEADERS)
def test_rows_are_in_the_order_of_a_key_that_does_not_repeat(table: str) -> None:
    keys = [tuple(row[column] for column in KEYS[table]) for row in read(table)]
    ordered = sorted(keys, key=lambda key: int(key[0])) if table == "business_statuses" else sorted(keys)
    assert keys == ordered
    assert len(set(keys)) == len(keys)


# --- targets and published figures ------------------------------------------------------------------------------------


def targets(indicator: str) -> dict[int, int]:
    return {int(r["target_year"]): int(r["target_count"]) for r in read("targets") if r["indicator_code"] == indicator}


def reports_of(indicator: str) -> list[dict[str, str]]:
    return [row for row in read("official_reports") if row["indicator_code"] == indicator]


def test_the_targets_are_those_announced_on_28_march_2022() -> None:
    assert targets("umkm_digital") == {2022: 20_000_000, 2023: 24_000_000, 2024: 30_000_000}
    assert targets("koperasi_modern") == {2022: 250, 2023: 400, 2024: 500}
    assert targets("umkm_ekatalog") == {2022: 1_000_000}
    main = [row for row in read("targets") if row["indicator_code"] != "umkm_formalised"]
    assert {(row["target_basis"], row["announced_date"]) for row in main} == {("cumulative_minimum", "2022-03-28")}
    assert targets("umkm_formalised") == {2022: 5_500_000, 2023: 7_500_000, 2024: 10_000_000}


@pytest.mark.parametrize(
    ("report_id", "year", "percent"),
    [
        ("kemenkopukm-2022-12-27", 2022, 103.8),
        ("kemenkopukm-2023-12-31", 2023, 105.4),
        ("kemenko-perekonomian-2023-12-04", 2023, 112.5),
    ],
)
def test_published_attainment_follows_from_the_published_figures(report_id: str, year: int, percent: float) -> None:
    (count,) = [int(row["reported_count"]) for row in read("official_reports") if row["report_id"] == report_id]
    assert round(100 * count / targets("umkm_digital")[year], 1) == percent


def test_the_last_known_figure_is_84_percent_of_the_2024_target_and_no_figure_speaks_of_2024() -> None:
    reports = reports_of("umkm_digital")
    assert max(row["as_of_date"] for row in reports) == "2023-12-31"
    (last,) = [row for row in reports if row["as_of_date"] == "2023-12-31"]
    assert (last["institution"], last["date_precision"]) == ("KemenKopUKM", "month")
    assert round(100 * int(last["reported_count"]) / targets("umkm_digital")[2024], 1) == 84.3


def test_every_published_figure_is_kept_with_the_institution_that_said_it() -> None:
    assert sorted(
        (r["as_of_date"], r["institution"], int(r["reported_count"])) for r in reports_of("umkm_digital")
    ) == [
        ("2020-10-31", "Kominfo", 9_400_000),
        ("2020-12-31", "KemenKopUKM", 7_000_000),
        ("2020-12-31", "KemenKopUKM", 8_000_000),
        ("2021-05-31", "idEA", 13_700_000),
        ("2021-10-31", "KemenKopUKM", 15_900_000),
        ("2021-12-31", "KemenKopUKM", 16_400_000),
        ("2022-03-28", "KemenKopUKM", 17_590_000),
        ("2022-04-30", "KemenKopUKM", 19_000_000),
        ("2022-11-01", "KemenKopUKM", 20_500_000),
        ("2022-12-27", "KemenKopUKM", 20_760_000),
        ("2023-03-31", "Kemenko Perekonomian", 22_000_000),
        ("2023-06-30", "Kemenko Perekonomian", 22_800_000),
        ("2023-12-04", "Kemenko Perekonomian", 27_000_000),
        ("2023-12-31", "KemenKopUKM", 25_292_701),
    ]
    assert [int(row["reported_count"]) for row in reports_of("koperasi_modern")] == [340]


def test_the_announced_increments_of_2024_do_not_sum_to_their_total() -> None:
    sums: dict[str, int] = {}
    for row in read("increment_plans"):
        sums[row["increment_year"]] = sums.get(row["increment_year"], 0) + int(row["planned_count"])
    totals = {row["increment_year"]: int(row["announced_total_count"]) for row in read("increment_plans")}
    assert {year: totals[year] - sums[year] for year in sums} == {"2023": 0, "2024": 200_000}


def test_the_recaps_of_jawa_barat_are_kept_by_kab_kota_and_year() -> None:
    counts: dict[tuple[str, str], int] = {}
    places: dict[str, set[str]] = {}
    for row in read("regency_reports"):
        key = row["indicator_code"], row["report_year"]
        counts[key] = counts.get(key, 0) + int(row["reported_count"])
        places.setdefault(row["indicator_code"], set()).add(row["regency_code"])
    assert counts == {
        ("umkm_assisted", "2019"): 2_481,
        ("umkm_assisted", "2020"): 5_514,
        ("umkm_assisted", "2021"): 3_606,
        ("umkm_projected", "2017"): 4_921_572,
        ("umkm_projected", "2018"): 5_226_081,
        ("umkm_projected", "2019"): 5_549_426,
        ("umkm_projected", "2020"): 5_892_787,
        ("umkm_projected", "2021"): 6_257_378,
    }
    regencies = {row["regency_code"] for row in read("regencies") if row["province_code_38"] == "32"}
    assert places == {"umkm_assisted": regencies, "umkm_projected": regencies}


def test_a_date_known_by_month_or_year_stands_at_its_last_day() -> None:
    for row in read("official_reports"):
        day = date.fromisoformat(row["as_of_date"])
        after = date.fromordinal(day.toordinal() + 1)
        assert row["date_precision"] in ("day", "month", "year")
        if row["date_precision"] != "day":
            assert after.day == 1, row["report_id"]
        if row["date_precision"] == "year":
            assert after.month == 1, row["report_id"]


def test_a_report_id_names_institution_and_date_and_the_indicator_has_a_target() -> None:
    for row in read("official_reports"):
        institution = row["institution"].lower().replace(" ", "-")
        assert re.fullmatch(f"{institution}-{row['as_of_date']}(-alternative)?", row["report_id"])
        assert targets(row["indicator_code"])


# --- regions ----------------------------------------------------------------------------------------------------------


def provinces(frame: str) -> dict[str, dict[str, str]]:
    return {row["province_code"]: row for row in read("provinces") if row["frame_code"] == frame}


def test_there_are_34_provinces_before_the_papua_split_and_38_after() -> None:
    assert {row["frame_code"] for row in read("provinces")} == {"34", "38"}
    assert len(provinces("34")) == 34
    assert len(provinces("38")) == 38
    assert set(provinces("38")) - set(provinces("34")) == NEW_PROVINCES


def test_the_two_code_systems_agree_on_provinces_except_in_papua() -> None:
    def swapped(frame: str) -> dict[str, tuple[str, str]]:
        return {
            code: (row["province_name"], row["bps_province_code"])
            for code, row in provinces(frame).items()
            if code != row["bps_province_code"]
        }

    assert swapped("34") == {"91": ("Papua", "94"), "92": ("Papua Barat", "91")}
    assert swapped("38") == {
        "91": ("Papua", "94"),
        "92": ("Papua Barat", "91"),
        "93": ("Papua Selatan", "95"),
        "94": ("Papua Tengah", "96"),
        "95": ("Papua Pegunungan", "97"),
        "96": ("Papua Barat Daya", "92"),
    }


@pytest.mark.parametrize("frame", ["34", "38"])
def test_no_two_provinces_of_a_frame_share_a_name_or_a_bps_code(frame: str) -> None:
    rows = provinces(frame).values()
    assert len({row["province_name"] for row in rows}) == len({row["bps_province_code"] for row in rows}) == int(frame)


def test_the_new_extents_begin_on_the_days_of_the_laws_where_the_old_ones_end() -> None:
    def days(frame: str, column: str) -> dict[str, str]:
        return {code: row[column] for code, row in provinces(frame).items() if row[column]}

    assert days("34", "valid_to") == {"91": "2022-07-24", "92": "2022-12-07"}
    assert days("38", "valid_from") == {
        **dict.fromkeys(["91", "93", "94", "95"], "2022-07-25"),
        **dict.fromkeys(["92", "96"], "2022-12-08"),
    }
    assert days("34", "valid_from") == days("38", "valid_to") == {}


def test_province_names_are_in_title_case() -> None:
    names = {row["province_name"] for row in read("provinces")}
    assert {"DKI Jakarta", "Daerah Istimewa Yogyakarta", "Papua Pegunungan"} <= names
    assert [name for name in names - {"DKI Jakarta"} if name != name.title()] == []


def test_there_are_514_regencies_416_kabupaten_and_98_kota() -> None:
    kinds = [row["regency_kind"] for row in read("regencies")]
    assert (len(kinds), kinds.count("kabupaten"), kinds.count("kota")) == (514, 416, 98)


def test_kind_name_and_code_of_a_regency_agree() -> None:
    for row in read("regencies"):
        assert re.fullmatch(r"\d\d\.\d\d", row["regency_code"])
        assert row["regency_name"].startswith({"kabupaten": "Kabupaten ", "kota": "Kota "}[row["regency_kind"]])
        assert (int(row["regency_code"][3:]) >= 71) == (row["regency_kind"] == "kota"), row["regency_code"]
        assert row["regency_code"][:2] == row["province_code_38"]


def test_no_two_regencies_share_a_name() -> None:
    assert len({row["regency_name"] for row in read("regencies")}) == 514


@pytest.mark.parametrize("frame", ["34", "38"])
def test_every_regency_lies_in_a_province_of_the_frame_and_every_province_has_one(frame: str) -> None:
    assert {row[f"province_code_{frame}"] for row in read("regencies")} == set(provinces(frame))


def test_only_papua_changed_its_provinces() -> None:
    moves = {(row["province_code_34"], row["province_code_38"]) for row in read("regencies")}
    assert {(old, new) for old, new in moves if old != new} == {("91", "93"), ("91", "94"), ("91", "95"), ("92", "96")}


@pytest.mark.parametrize(("system", "vintage"), VINTAGES)
def test_every_regency_has_one_code_in_every_list(system: str, vintage: str) -> None:
    rows = [r for r in read("regency_codes") if (r["code_system"], r["code_vintage"]) == (system, vintage)]
    assert len(rows) == 514
    assert {row["regency_code"] for row in rows} == {row["regency_code"] for row in read("regencies")}
    shape = r"\d{4}" if system == "bps" else r"\d\d\.\d\d"
    assert [row["source_code"] for row in rows if not re.fullmatch(shape, row["source_code"])] == []


def test_there_are_no_other_code_lists() -> None:
    assert sorted({(row["code_system"], row["code_vintage"]) for row in read("regency_codes")}) == VINTAGES


def test_within_a_system_a_code_never_means_two_regencies() -> None:
    meanings: dict[tuple[str, str], set[str]] = {}
    for row in read("regency_codes"):
        meanings.setdefault((row["code_system"], row["source_code"]), set()).add(row["regency_code"])
    assert {code: regencies for code, regencies in meanings.items() if len(regencies) > 1} == {}


def test_the_kemendagri_list_of_2025_is_the_list_of_regencies() -> None:
    names = {row["regency_code"]: row["regency_name"] for row in read("regencies")}
    for row in read("regency_codes"):
        if (row["code_system"], row["code_vintage"]) == ("kemendagri", "2025"):
            assert (row["source_code"], row["source_name"]) == (row["regency_code"], names[row["regency_code"]])


@pytest.mark.parametrize(
    ("system", "vintage", "frame"),
    [("bps", "2020", "34"), ("bps", "2024", "38"), ("kemendagri", "2022", "34"), ("kemendagri", "2025", "38")],
)
def test_the_first_two_digits_of_a_code_are_its_province(system: str, vintage: str, frame: str) -> None:
    column = "bps_province_code" if system == "bps" else "province_code"
    province = {code: row[column] for code, row in provinces(frame).items()}
    of_regency = {row["regency_code"]: province[row[f"province_code_{frame}"]] for row in read("regencies")}
    wrong = {code for code, regency in codes(system, vintage).items() if code[:2] != of_regency[regency]}
    assert wrong == set()


def test_bps_2020_and_kemendagri_2022_differ_for_199_regencies_and_166_codes_mean_two_places() -> None:
    bps, kemendagri = codes("bps", "2020"), codes("kemendagri", "2022")
    assert differing(bps, kemendagri) == 199
    assert colliding(bps, kemendagri) == 166


def test_against_kemendagri_2025_164_codes_of_bps_2020_and_169_of_bps_2024_mean_two_places() -> None:
    assert colliding(codes("bps", "2020"), codes("kemendagri", "2025")) == 164
    assert colliding(codes("bps", "2024"), codes("kemendagri", "2025")) == 169


def test_code_1103_is_aceh_selatan_for_bps_and_aceh_timur_for_kemendagri() -> None:
    name = {row["regency_code"]: row["regency_name"] for row in read("regencies")}
    assert name[codes("bps", "2020")["1103"]] == "Kabupaten Aceh Selatan"
    assert name[codes("kemendagri", "2022")["1103"]] == "Kabupaten Aceh Timur"


@pytest.mark.parametrize(("system", "old", "new"), [("kemendagri", "2022", "2025"), ("bps", "2020", "2024")])
def test_the_split_recoded_26_regencies_and_no_other(system: str, old: str, new: str) -> None:
    before, after = codes(system, old), codes(system, new)
    recoded = set(before.values()) - {regency for code, regency in after.items() if before.get(code) == regency}
    assert len(recoded) == 26
    assert recoded == {r["regency_code"] for r in read("regencies") if r["province_code_38"] in NEW_PROVINCES}


@pytest.mark.parametrize(
    ("regency", "kemendagri_2022", "kemendagri_2025", "bps_2020", "bps_2024"),
    [
        ("Kabupaten Merauke", "9101", "9301", "9401", "9501"),
        ("Kabupaten Mimika", "9109", "9404", "9412", "9601"),
        ("Kabupaten Puncak Jaya", "9107", "9402", "9411", "9608"),
        ("Kabupaten Puncak", "9125", "9405", "9433", "9607"),
        ("Kabupaten Nduga", "9124", "9508", "9429", "9701"),
        ("Kabupaten Pegunungan Bintang", "9112", "9502", "9417", "9708"),
        ("Kabupaten Sorong", "9201", "9601", "9107", "9202"),
        ("Kabupaten Raja Ampat", "9205", "9603", "9108", "9201"),
        ("Kota Sorong", "9271", "9671", "9171", "9271"),
        ("Kota Jayapura", "9171", "9171", "9471", "9471"),
    ],
)
def test_a_papuan_regency_is_found_under_each_of_its_codes(
    regency: str, kemendagri_2022: str, kemendagri_2025: str, bps_2020: str, bps_2024: str
) -> None:
    name = {row["regency_code"]: row["regency_name"] for row in read("regencies")}
    assert name[codes("kemendagri", "2022")[kemendagri_2022]] == regency
    assert name[codes("kemendagri", "2025")[kemendagri_2025]] == regency
    assert name[codes("bps", "2020")[bps_2020]] == regency
    assert name[codes("bps", "2024")[bps_2024]] == regency


# --- KBLI -------------------------------------------------------------------------------------------------------------

LEVELS = {1: "section", 2: "division", 3: "group", 4: "class", 5: "subclass"}


def test_kbli_has_the_rows_of_the_oss_list_and_the_six_added() -> None:
    counts = {level: sum(row["level"] == level for row in read("kbli")) for level in LEVELS.values()}
    # 1,790 five-digit codes are in the OSS list; 11020 and 92000 are added.
    assert counts == {"section": 21, "division": 88, "group": 245, "class": 567, "subclass": 1792}


def test_the_codes_added_and_left_over_are_marked_as_assumed() -> None:
    rows = {row["kbli_code"]: row for row in read("kbli")}
    assert {code for code, row in rows.items() if row["source"].startswith("assumed: added")} == ADDED
    assert {code for code, row in rows.items() if row["source"].startswith("assumed: left over")} == LEFT_OVER


def test_level_and_length_of_a_kbli_code_agree() -> None:
    for row in read("kbli"):
        code = row["kbli_code"]
        assert re.fullmatch(r"[A-U]|\d{2,5}", code)
        assert row["level"] == LEVELS[len(code)]
        assert row["title"]


def test_every_kbli_code_has_its_parent_and_every_parent_a_child() -> None:
    numbers = {row["kbli_code"] for row in read("kbli") if row["level"] != "section"}
    assert {code for code in numbers if len(code) > 2 and code[:-1] not in numbers} == LEFT_OVER
    assert all(code[:3] in numbers for code in LEFT_OVER)
    parents = {code[:-1] for code in numbers}
    assert {code for code in numbers if len(code) < 5} - parents == set()


def test_every_kbli_code_lies_in_the_section_of_its_division() -> None:
    rows = read("kbli")
    sections = {row["kbli_code"] for row in rows if row["level"] == "section"}
    assert sections == set("ABCDEFGHIJKLMNOPQRSTU")
    section_of = {row["kbli_code"]: row["section_code"] for row in rows}
    for row in rows:
        parent = row["section_code"] if row["level"] == "section" else row["kbli_code"][:2]
        assert row["section_code"] == section_of[parent], row["kbli_code"]
    assert {row["section_code"] for row in rows if row["level"] == "division"} == sections


@pytest.mark.parametrize(
    ("code", "section"),
    [
        ("01111", "A"),
        ("03", "A"),
        ("05", "B"),
        ("10", "C"),
        ("33", "C"),
        ("35", "D"),
        ("39", "E"),
        ("43", "F"),
        ("45", "G"),
        ("47111", "G"),
        ("49421", "H"),
        ("56", "I"),
        ("63", "J"),
        ("64", "K"),
        ("68", "L"),
        ("69", "M"),
        ("75", "M"),
        ("77", "N"),
        ("82", "N"),
        ("84", "O"),
        ("85", "P"),
        ("88", "Q"),
        ("90", "R"),
        ("92000", "R"),
        ("93", "R"),
        ("94", "S"),
        ("96", "S"),
        ("97", "T"),
        ("98", "T"),
        ("99", "U"),
    ],
)
def test_a_kbli_code_belongs_to_its_section(code: str, section: str) -> None:
    assert {row["section_code"] for row in read("kbli") if row["kbli_code"] == code} == {section}


# --- the small tables -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "bounds"), [("sales", [2, 15, 50]), ("capital", [1, 5, 10])])
def test_size_classes_cover_all_amounts_without_gap_or_overlap(rule: str, bounds: list[int]) -> None:
    rows = {row["size_class_code"]: row for row in read("size_classes") if row["size_rule"] == rule}
    ladder = [rows.pop(code) for code in ("micro", "small", "medium", "large")]
    assert not rows
    assert [row["size_class_name"] for row in ladder] == ["Mikro", "Kecil", "Menengah", "Besar"]
    assert [row["upper_inclusive_idr"] for row in ladder] == [*(str(b * 10**9) for b in bounds), ""]
    assert [row["lower_exclusive_idr"] for row in ladder] == ["", *(str(b * 10**9) for b in bounds)]


def test_there_are_two_size_rules() -> None:
    assert {row["size_rule"] for row in read("size_classes")} == {"sales", "capital"}


def test_the_definitions_are_ranked_from_narrow_to_wide_and_say_that_none_is_official() -> None:
    rows = read("definitions")
    ranks = [(row["definition_code"], row["definition_rank"]) for row in rows]
    assert ranks == [("D1", "1"), ("D2", "2"), ("D3", "3"), ("D4", "4")]
    for wider, narrower in zip(rows[1:], rows, strict=False):
        assert wider["definition_text"].startswith(f"{narrower['definition_code']}, or ")
    assert all("no official operational definition exists" in row["definition_text"].lower() for row in rows)
    assert all(row["source"].startswith("assumed: no official operational definition exists") for row in rows)
    assert ["headline" in row["definition_text"] for row in rows] == [True, False, False, False]


def test_every_channel_counts_first_in_its_definition_and_every_definition_adds_a_channel() -> None:
    by_definition: dict[str, set[str]] = {}
    for row in read("channels"):
        by_definition.setdefault(row["definition_code"], set()).add(row["channel_code"])
    assert by_definition == {
        "D1": {"sells_on_marketplace", "sells_on_food_delivery", "sells_on_ekatalog"},
        "D2": {"sells_on_social_media", "sells_on_instant_messaging", "sells_on_own_website"},
        "D3": {"accepts_epayment"},
        "D4": {"uses_internet"},
    }
    assert set(by_definition) == {row["definition_code"] for row in read("definitions")}


def test_a_business_counts_unless_closed_not_yet_operating_not_found_duplicate_or_misplaced() -> None:
    rows = {int(row["business_status_code"]): row for row in read("business_statuses")}
    assert list(rows) == list(range(1, 11))
    assert {code for code, row in rows.items() if row["is_counted"] == "false"} == {3, 4, 6, 9, 10}
    assert {row["is_counted"] for row in rows.values()} == {"true", "false"}
    assert rows[3]["source"].startswith("assumed: our decision")
    assert rows[4]["source"].startswith("assumed: our decision")


def test_the_population_bases_are_published_values_of_two_years() -> None:
    bases = {int(row["population_year"]): row for row in read("population_bases")}
    assert {year: int(row["unit_count"]) for year, row in bases.items()} == {2018: 64_200_000, 2019: 65_470_000}
    assert bases[2018]["source"].startswith("assumed: ")


def test_the_census_waves_add_up_to_all_regencies_but_the_59_never_done() -> None:
    waves = {int(row["wave"]): row for row in read("census_waves")}
    done = {year: int(row["regency_count"]) for year, row in waves.items()}
    assert done == {2022: 240, 2023: 215}
    assert len(read("regencies")) - sum(done.values()) == 59
    assert int(waves[2023]["planned_regency_count"]) - done[2023] == 59
    assert int(waves[2022]["planned_regency_count"]) + int(waves[2023]["planned_regency_count"]) == 514
    assert sum(int(row["record_count"]) for row in waves.values()) == 13_410_000
    assert round(100 * int(waves[2022]["record_count"]) / int(waves[2022]["planned_record_count"]), 1) == 62.8


def test_the_census_waves_were_in_the_field_in_their_year() -> None:
    for row in read("census_waves"):
        start, end = date.fromisoformat(row["field_start_date"]), date.fromisoformat(row["field_end_date"])
        assert start < end
        assert {start.year, end.year} == {int(row["wave"])}


def test_only_the_cooperative_is_a_cooperative() -> None:
    kinds = {row["legal_form_code"]: row["business_kind"] for row in read("legal_forms")}
    assert set(kinds) == {"perorangan", "ud", "cv", "pt", "pt_perorangan", "firma", "yayasan", "koperasi", "lainnya"}
    assert [code for code, kind in kinds.items() if kind == "koperasi"] == ["koperasi"]
    assert set(kinds.values()) == {"umkm", "koperasi"}
