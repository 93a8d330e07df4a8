"""Linking, piece by piece: names in one spelling, blocks, guards, lasting ids, weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import drawn, ingest_inbox, stranger, write_sidt

from flows.settings import Settings
from flows.weights import NothingToLearn, estimate_weights
from transforms.build import select_in
from transforms.resolve import clusters, estimate, link
from transforms.resolve.blocking import BLOCK_CAP, KEYS
from transforms.resolve.comparisons import COMPARISONS
from transforms.resolve.identify import IDS_PER_VERSION, identify
from transforms.resolve.weights import PRIOR, read_weights

NAMES = Path(link.__file__).parent / "names.sql"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(NAMES.read_text(encoding="utf-8"))
        yield con


@pytest.mark.parametrize(
    ("macro", "table"),
    [
        (
            "array_to_string(list_sort(person_words(t)), ' ')",
            """
            | one                          | other                            | same |
            | MUHAMMAD TJIPTO SOEWANDI     | Moh. Cipto Suwandi               | yes  |
            | H. ACHMAD DJOENAEDI, S.E.    | Ahmad Junaedi                    | yes  |
            | Drs. BUDI BIN SLAMET         | BUDI SLAMET                      | yes  |
            | I WAYAN SUDIARTA             | WAYAN SUDIARTA                   | yes  |
            | NI LUH SARI                  | LUH SARI                         | yes  |
            | JUM'AT                       | JUMAT                            | yes  |
            | SUDIARTA KETUT               | KETUT SUDIARTA                   | yes  |
            | MUHAMMAD                     | MUHAMAD                          | yes  |
            | SUKARNO                      | Soekarno                         | yes  |
            | SITI AMINAH                  | SITI AMINI                       | no   |
            | KETUT                        | MADE                             | no   |
            """,
        ),
        (
            "one_spelling(array_to_string(without_branch(words_of(plain_text(t))), ' ')) || '/' || branch_mark(words_of(plain_text(t)))",
            """
            | one               | other               | same |
            | TOKO BERKAH 2     | TOKO BERKAH CAB. II | yes  |
            | TOKO BERKAH 2     | TOKO BERKAH III     | no   |
            | TOKO BERKAH 2     | TOKO BERKAH         | no   |
            | Toko Djaja, Makmoer | TOKO JAYA MAKMUR  | yes  |
            | CABANG JAYA       | JAYA                | no   |
            """,
        ),
        (
            "array_to_string(list_filter(words_of(one_spelling(plain_text(t))), lambda w: NOT list_contains(trade_words(), w)), ' ')",
            """
            | one                        | other           | same |
            | PT. MAJU JAYA Tbk          | CV MAJU JAYA    | yes  |
            | KSP SEJAHTERA              | Koperasi Simpan Pinjam SEJAHTERA | yes  |
            | KPRI GURU                  | KOPKAR GURU     | yes  |
            | WR. NASI BERKAH            | WARUNG BERKAH   | yes  |
            | WARUNG                     | KIOS            | yes  |
            | TOKO MAJU                  | TOKO MUNDUR     | no   |
            """,
        ),
        (
            "coalesce(street_of(t), '') || coalesce(house_number_of(front_of(t)), '')",
            """
            | one                            | other               | same |
            | JL. MAWAR NO. 12, RT 02/RW 03  | Jalan Mawar No 12   | yes  |
            | JLN MAWAR 12                   | JL. MAWAR NO. 13    | no   |
            | 12 MAWAR                       | JL. MAWAR 12        | yes  |
            """,
        ),
    ],
    ids=["persons", "branches", "trade words", "addresses"],
)
def test_names_are_brought_to_one_spelling(con: duckdb.DuckDBPyConnection, macro: str, table: str) -> None:
    def compared(text: str) -> object:
        return con.execute(f"SELECT {macro} FROM (SELECT ? AS t)", [text]).fetchall()

    for row in drawn(table):
        assert (compared(row["one"]) == compared(row["other"])) == (row["same"] == "yes"), row


def test_names_and_places_of_one_hash_make_no_registration_come_twice(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE MACRO hash(a) AS 7::UBIGINT, (a, b) AS 7::UBIGINT, (a, b, c) AS 7::UBIGINT")
    con.execute(
        """
        CREATE TABLE registrations AS SELECT n::VARCHAR AS owner_name, n::VARCHAR AS business_name,
            '3201' AS regency_code, n::VARCHAR AS district_name, n::VARCHAR AS village_name FROM range(20) AS rows(n)"""
    )
    for table in ("owner_names", "business_names", "places"):
        assert con.execute(f"SELECT count(*) FROM ({select_in(NAMES.with_name(f'{table}.sql'))})").fetchall() == [(1,)]


def keyed(con: duckdb.DuckDBPyConnection, count: int, values: str) -> None:
    """The keys of `count` prepared registrations with nothing but `values`, expressions for named columns over `row_id`."""
    columns = {
        "nik": "BIGINT", "nik15": "BIGINT", "nib": "UBIGINT", "phone": "UBIGINT", "birth_date": "DATE", "regency": "VARCHAR",
        "place": "UBIGINT", "area": "UBIGINT", "owner_key": "UBIGINT", "house_number": "VARCHAR", "street_end": "VARCHAR", "kbli": "VARCHAR", "latitude": "DOUBLE",
        "longitude": "DOUBLE", "cooperative_number": "UBIGINT", "legal_entity": "UBIGINT", "owner_first_word": "UBIGINT",
        "name_beginning": "USMALLINT", "name_stem": "UBIGINT",
    }  # fmt: skip
    nulls = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items())
    con.execute(
        f"CREATE TEMP TABLE keys AS SELECT {KEYS}"
        f" FROM (SELECT * REPLACE ({values}) FROM (SELECT row_id, {nulls} FROM range({count}) AS rows(row_id)))"
    )


def test_a_facilitators_phone_on_ten_thousand_rows_costs_no_pair_and_is_told(con: duckdb.DuckDBPyConnection) -> None:
    keyed(con, 10_000, "7::UBIGINT AS phone, (row_id % 10)::UBIGINT AS owner_first_word")
    link.block(con, grows=False)
    assert con.execute("SELECT count(*) FROM pairs").fetchall() == [(0,)]
    assert con.execute(
        "SELECT part IS NULL, count(*), sum(block_size) FROM over_full GROUP BY ALL ORDER BY ALL"
    ).fetchall() == [
        (False, 10, 10_000),
        (True, 1, 10_000),
    ]


def test_an_over_full_block_is_parted_and_each_part_is_compared(con: duckdb.DuckDBPyConnection) -> None:
    keyed(con, 2 * BLOCK_CAP, "9::BIGINT AS nik15, (row_id % 40)::UBIGINT AS owner_first_word")
    link.block(con, grows=False)
    assert con.execute("SELECT count(*) FROM pairs").fetchall() == [(40 * 3,)]


@pytest.mark.parametrize(
    ("nik", "birth_date", "name_beginning", "pair_count"),
    [
        pytest.param(3201012505700007, "1970-05-25", 2, 0, id="another person's other shop"),
        pytest.param(None, "1970-05-25", 2, 0, id="of another birth date"),
        pytest.param(None, "1980-01-14", 2, 1, id="no NIK"),
        pytest.param(None, None, 2, 1, id="neither NIK nor birth date"),
        pytest.param(3201014101800010, "1970-05-25", 2, 1, id="a mistyped NIK"),
        pytest.param(3201012505700007, "1970-05-25", None, 1, id="a shop without a name"),
        pytest.param(3201012505700007, "1970-05-25", 1, 1, id="the shop in other hands"),
    ],
)
def test_neighbours_are_compared_unless_persons_and_names_tell_them_apart(
    con: duckdb.DuckDBPyConnection, nik: int | None, birth_date: str | None, name_beginning: int | None, pair_count: int
) -> None:
    def either(first: object, second: object) -> str:
        return f"CASE row_id WHEN 0 THEN {first} ELSE {second or 'NULL'} END"

    born = either("'1980-01-01'", birth_date and repr(birth_date))
    keyed(
        con,
        2,
        "7::UBIGINT AS area, '12' AS house_number,"
        f" {either(3201014101800001, nik)} AS nik, {either(1, name_beginning)}::USMALLINT AS name_beginning,"
        f" ({born})::DATE AS birth_date",
    )
    link.block(con, grows=False)
    assert con.execute("SELECT count(*) FROM pairs").fetchall() == [(pair_count,)]


DELIVERED = {
    "row_id": "BIGINT", "source_register": "VARCHAR", "registration_number": "VARCHAR", "updated_date": "DATE",
    "enumerated_date": "DATE", "business_kind": "VARCHAR", "nik": "VARCHAR", "is_nik_precision_lost": "BOOLEAN",
    "nib": "VARCHAR", "phone": "VARCHAR", "owner_name": "VARCHAR", "owner_birth_date": "DATE", "business_name": "VARCHAR",
    "regency_code": "VARCHAR", "district_name": "VARCHAR", "village_name": "VARCHAR", "latitude": "DOUBLE",
    "longitude": "DOUBLE", "address": "VARCHAR", "kbli_code": "VARCHAR", "started_year": "INTEGER",
    "cooperative_number": "VARCHAR", "legal_entity_number": "VARCHAR",
}  # fmt: skip
SHOP = {
    "business_name": "WARUNG NASI SUKSES", "regency_code": "32.01", "district_name": "CIBINONG", "village_name": "NANGGEWER",
    "address": "JL. MAWAR NO. 12", "kbli_code": "56102",
}  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({}, {"business_name": "WARUG NASI SUKSES", "address": None}, id="a damaged word of trade"),
        pytest.param({}, {"business_name": "TOKO ANGGREK"}, id="another name at one address"),
        pytest.param({"kbli_code": None}, {"kbli_code": None, "business_name": "TOKO ANGGREK"}, id="no trade"),
        pytest.param({}, {"village_name": "NANGEWERR"}, id="a damaged village"),
        pytest.param(
            {"address": None}, {"address": None, "village_name": "Kel. Nanggewer"}, id="a village with its kind"
        ),
        pytest.param({"village_name": None}, {"village_name": None}, id="no village"),
        pytest.param(
            {"village_name": None, "district_name": None},
            {"village_name": None, "district_name": None},
            id="kab/kota alone",
        ),
        pytest.param(
            {"owner_name": "SITI AMINAH", "address": None},
            {"owner_name": "SITI AMINAH", "village_name": "CIRIMEKAR", "business_name": "TOKO ANGGREK"},
            id="an owner elsewhere in the district",
        ),
    ],
)
def test_registrations_are_compared_whatever_one_of_them_lacks(
    con: duckdb.DuckDBPyConnection, first: dict[str, str | None], second: dict[str, str | None]
) -> None:
    rows = [{"row_id": row_id} | SHOP | given for row_id, given in enumerate((first, second))]
    columns = ", ".join(f"row.{name}" for name in DELIVERED)
    record = ", ".join(f"{name} {kind}" for name, kind in DELIVERED.items())
    con.execute(
        f"CREATE TABLE validated AS SELECT {columns} FROM (SELECT unnest($rows::STRUCT({record})[]) AS row)",
        {"rows": [{name: row.get(name) for name in DELIVERED} for row in rows]},
    )
    link.prepare(con, grows=False)
    link.block(con, grows=False)
    assert con.execute("SELECT count(*) FROM pairs").fetchall() == [(1,)]


def clustered(
    con: duckdb.DuckDBPyConnection, niks: dict[int, int], edges: list[tuple[int, int, str, float, float]]
) -> None:
    """Clusters of drawn edges: left, right, threshold, stranger weight, the part of it that rests on the phone."""
    con.execute("CREATE TEMP TABLE keys (row_id BIGINT, nik BIGINT)")
    for row_id, nik in niks.items():
        con.execute("INSERT INTO keys VALUES (?, ?)", [row_id, nik])
    con.execute("CREATE TEMP TABLE weighed (pattern BIGINT, stranger_weight DOUBLE, phone_weight DOUBLE)")
    con.execute(
        "CREATE TEMP TABLE edges (left_row_id BIGINT, right_row_id BIGINT, level VARCHAR, threshold VARCHAR, decided_by VARCHAR,"
        " pattern BIGINT, is_one_owner BOOLEAN)"
    )
    for pattern, (left, right, threshold, weight, phone) in enumerate(edges):
        con.execute("INSERT INTO weighed VALUES (?, ?, ?)", [pattern, weight, phone])
        con.execute(
            "INSERT INTO edges VALUES (?, ?, 'business', ?, 'weight', ?, false)", [left, right, threshold, pattern]
        )
    con.execute("CREATE TEMP TABLE IF NOT EXISTS cannot_link (left_row_id BIGINT, right_row_id BIGINT)")
    clusters.cluster(con)


def parts(con: duckdb.DuckDBPyConnection, threshold: str = "chosen") -> list[list[int]]:
    return [
        rows
        for (rows,) in con.execute(
            f"SELECT list(row_id ORDER BY row_id) AS rows FROM {threshold}_clusters GROUP BY cluster HAVING count(*) > 1 ORDER BY rows"
        ).fetchall()
    ]


FIRST, TYPO, OTHER = 3201014101800001, 3201014101800010, 3201012505700007


def test_thresholds_nest(con: duckdb.DuckDBPyConnection) -> None:
    clustered(con, {}, [(1, 2, "strict", 9, 0), (2, 3, "chosen", 2, 0), (3, 4, "loose", -2, 0), (8, 9, "loose", -2, 0)])
    assert [parts(con, name) for name in ("strict", "chosen", "loose")] == [
        [[1, 2]],
        [[1, 2, 3]],
        [[1, 2, 3, 4], [8, 9]],
    ]


def test_a_long_chain_is_one_cluster(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE TEMP TABLE chain AS SELECT i AS left_row_id, i + 1 AS right_row_id FROM range(5000) AS chain(i)"
    )
    clusters.connect(con, "chain", "found")
    assert con.execute("SELECT cluster, count(*) FROM found GROUP BY ALL").fetchall() == [(0, 5001)]


def test_a_cluster_with_far_apart_niks_is_cut_at_its_weakest_edge(con: duckdb.DuckDBPyConnection) -> None:
    clustered(con, {1: FIRST, 3: OTHER}, [(1, 2, "strict", 9, 0), (2, 3, "chosen", 2, 0)])
    assert parts(con) == [[1, 2]]
    assert con.execute("SELECT * FROM cut").fetchall() == [(2, 3, "far_niks")]
    assert parts(con, "loose") == [[1, 2]]


def test_a_mistyped_nik_cuts_nothing(con: duckdb.DuckDBPyConnection) -> None:
    clustered(con, {1: FIRST, 2: TYPO}, [(1, 2, "strict", 9, 0)])
    assert parts(con) == [[1, 2]]


def test_a_cluster_does_not_grow_beyond_its_size(con: duckdb.DuckDBPyConnection) -> None:
    size = clusters.LARGEST_CLUSTER
    clustered(
        con, dict.fromkeys(range(2 * size), FIRST), [(i, i + 1, "strict", 40 - i, 0) for i in range(2 * size - 1)]
    )
    assert max(len(rows) for rows in parts(con)) == size
    assert {reason for *_, reason in con.execute("SELECT * FROM cut").fetchall()} == {"size"}


def test_what_one_phone_alone_holds_falls_apart(con: duckdb.DuckDBPyConnection) -> None:
    clustered(con, {}, [(1, 2, "chosen", 5, 18), (2, 3, "chosen", 5, 18), (7, 8, "chosen", 5, 18)])
    assert parts(con) == [[7, 8]]
    assert {reason for *_, reason in con.execute("SELECT * FROM cut").fetchall()} == {"one_phone"}


def test_what_must_not_be_linked_is_apart_at_every_threshold(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TEMP TABLE cannot_link AS SELECT 1::BIGINT AS left_row_id, 3::BIGINT AS right_row_id")
    clustered(con, {}, [(1, 2, "strict", 9, 0), (2, 3, "strict", 8, 0), (3, 4, "chosen", 1, 0), (1, 4, "loose", -2, 0)])
    assert parts(con) == [[1, 2], [3, 4]]
    assert parts(con, "loose") == [[1, 2], [3, 4]]


def identified(con: duckdb.DuckDBPyConnection, version: int, cluster_of: dict[int, int]) -> dict[int, int]:
    """The ids of rows in drawn clusters; those of the last call are the earlier ones."""
    con.execute("CREATE OR REPLACE TEMP VIEW validated AS SELECT row_id FROM drawn")
    con.execute("CREATE OR REPLACE TEMP TABLE drawn (row_id BIGINT, cluster BIGINT)")
    con.executemany("INSERT INTO drawn VALUES (?, ?)", list(cluster_of.items()))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE chosen_clusters AS SELECT * FROM drawn"
        " WHERE cluster IN (SELECT cluster FROM drawn GROUP BY cluster HAVING count(*) > 1);"
        "CREATE OR REPLACE TEMP TABLE owner_clusters AS SELECT * FROM chosen_clusters"
    )
    identify(con, version)
    ids = dict(con.execute("SELECT row_id, business_id FROM ids").fetchall())
    con.execute("CREATE OR REPLACE TEMP TABLE earlier_ids AS SELECT * FROM ids")
    return ids


def test_ids_outlive_merges_splits_and_what_arrives(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TEMP TABLE drawn (row_id BIGINT, cluster BIGINT)")
    con.execute("CREATE TEMP TABLE earlier_ids (row_id BIGINT, business_id BIGINT, owner_id BIGINT)")

    def events() -> list[tuple[object, ...]]:
        return con.execute(
            "SELECT entity_id, version, event, other_entity_id FROM changes WHERE entity_kind = 'business' ORDER BY ALL"
        ).fetchall()

    first = identified(con, 1, {1: 1, 2: 1, 3: 1, 5: 5, 6: 5, 8: 8})
    assert first[1] == first[2] == first[3] and first[5] == first[6] and len({first[1], first[5], first[8]}) == 3
    assert {id // IDS_PER_VERSION for id in first.values()} == {1}
    assert events() == []

    same = identified(con, 2, {1: 1, 2: 1, 3: 1, 5: 5, 6: 5, 8: 8, 9: 8, 10: 10})
    assert {row: same[row] for row in first} == first and same[9] == first[8]
    assert same[10] // IDS_PER_VERSION == 2
    assert events() == []

    merged = identified(con, 3, {1: 1, 2: 1, 3: 1, 5: 1, 6: 1, 8: 8, 9: 8, 10: 10})
    assert merged[5] == first[1]
    assert events() == [(first[5], 3, "merged", first[1])]

    parted = identified(con, 4, {1: 1, 2: 1, 3: 1, 5: 5, 6: 5, 8: 8, 9: 9, 10: 10})
    assert parted[1] == first[1] and parted[8] == first[8]
    assert parted[5] == parted[6] not in same.values() and parted[9] not in same.values()
    assert events() == sorted([(parted[5], 4, "split", first[1]), (parted[9], 4, "split", first[8])])

    gone = identified(con, 5, {1: 1, 2: 1, 3: 1, 5: 5, 6: 5, 8: 8, 9: 9})
    assert gone == {row: id for row, id in parted.items() if row != 10}
    assert events() == [(same[10], 5, "retired", None)]


def test_the_weights_are_those_of_the_comparisons_and_say_what_they_mean() -> None:
    weights = read_weights()
    assert [weight.comparison for weight in weights].count(PRIOR) == 1
    for weight in weights[1:]:
        rounded = estimate.weight_of(
            weight.comparison, weight.side, weight.level, weight.digit, weight.m, weight.u, weight.sibling
        )
        assert abs(rounded.match_weight - weight.match_weight) < 0.02, weight
        assert abs(rounded.sibling_weight - weight.sibling_weight) < 0.02, weight
    worth = {(weight.comparison, weight.level): weight.match_weight for weight in weights}
    for comparison in COMPARISONS:
        assert worth[comparison.name, comparison.levels[0].name] >= 0 > worth[comparison.name, "different"], (
            comparison.name
        )
    assert worth["branch", "different"] < -5


def test_expectation_maximisation_finds_the_probabilities_that_pairs_were_drawn_from() -> None:
    """Two classes of pairs that differ in owner name, birth date, business name and trade; labels are not used."""
    draws = duckdb.execute(
        """
        WITH pairs AS (SELECT i, hash('m' || i) % 20 = 0 AS is_match FROM range(400_000) AS pairs(i)),
        drawn AS (SELECT *, hash('a' || i) / 2.0 ** 64 AS a, hash('b' || i) / 2.0 ** 64 AS b, hash('c' || i) / 2.0 ** 64 AS c FROM pairs)
        SELECT
            CASE WHEN is_match THEN CASE WHEN a < 0.9 THEN 1 ELSE 4 END ELSE CASE WHEN a < 0.02 THEN 1 ELSE 4 END END,
            CASE WHEN is_match THEN CASE WHEN b < 0.8 THEN 1 ELSE 7 END ELSE CASE WHEN b < 0.05 THEN 1 ELSE 7 END END,
            CASE WHEN is_match THEN CASE WHEN c < 0.95 THEN 1 ELSE 3 END ELSE CASE WHEN c < 0.01 THEN 1 ELSE 3 END END,
            count(*)
        FROM drawn GROUP BY ALL"""
    ).fetchall()
    places = [comparison.name for comparison in COMPARISONS]

    def pattern(levels: dict[str, int]) -> int:
        return sum(level * 10 ** (len(places) - 1 - places.index(name)) for name, level in levels.items())

    counts = {pattern({"owner_name": a, "business_name": b, "birth_date": c}): n for a, b, c, n in draws}
    found = {(w.comparison, w.level): w for w in estimate.estimate_by_em(counts, read_weights(), has_siblings=False)}
    assert abs(found["owner_name", "equal"].m - 0.9) < 0.01
    assert abs(found["business_name", "equal"].m - 0.8) < 0.01
    assert abs(found["birth_date", "equal"].m - 0.95) < 0.01
    assert abs(found["owner_name", "equal"].u - 0.02) < 0.005
    assert abs(2 ** found[PRIOR, PRIOR].match_weight - 1 / 19) < 0.005


def test_every_level_of_the_weights_in_force_is_estimated_from_labels(settings: Settings, tmp_path: Path) -> None:
    told_twice = [{"nomor_registrasi": f"{side}{place}", **stranger(place)} for place in range(20) for side in "RS"]
    settings.root.create()
    write_sidt(settings.root.inbox / "a.csv", told_twice)
    ingest_inbox(settings)
    truth = tmp_path / "truth.parquet"
    duckdb.execute(
        "COPY (SELECT 'a.csv' AS file_name, line AS line_number, line // 2 AS business_key, line // 4 AS owner_key"
        f" FROM range(2, 42) AS lines(line)) TO '{truth}' (FORMAT parquet)"
    )
    found = estimate_weights(settings, truth)
    named = [(weight.comparison, weight.level, weight.digit) for weight in found]
    assert named == [(weight.comparison, weight.level, weight.digit) for weight in read_weights()]
    assert all(0 < weight.m < 1 and 0 < weight.u < 1 for weight in found if weight.comparison != PRIOR)
    equal = {weight.comparison: weight for weight in found if weight.level == "equal"}
    assert all(equal[name].m > 0.8 > equal[name].u for name in ("nik", "owner_name", "birth_date"))


def test_weights_are_not_estimated_from_nothing(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NothingToLearn, match="run capaian on more deliveries first"):
        estimate_weights(Settings(home=tmp_path / "empty"), None)
    settings.root.create()
    write_sidt(settings.root.inbox / "a.csv", [{"nomor_registrasi": name, **stranger(1)} for name in ("R1", "S1")])
    ingest_inbox(settings)
    truth = tmp_path / "truth.parquet"
    duckdb.execute(
        "COPY (SELECT 'elsewhere.csv' AS file_name, 2 AS line_number, 1 AS business_key, 1 AS owner_key)"
        f" TO '{truth}' (FORMAT parquet)"
    )
    with pytest.raises(NothingToLearn, match=r"truth\.parquet labels no two registrations"):
        estimate_weights(settings, truth)
