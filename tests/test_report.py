"""The report page: whole, offline, in Indonesian form, accessible as far as markup can tell, and nothing hidden in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from conftest import drawn, ingest_inbox, publish_all, stranger, write_sidt

from flows.settings import Settings
from warehouse.report.drawing import frame_around, shade, shade_bounds, tiles
from warehouse.report.numbers import Numbers
from warehouse.report.page import page
from warehouse.report.released import NotReleasable
from warehouse.report.words import LANGUAGES, Words, all_words

REPORT = Path(__file__).parent.parent / "warehouse" / "report"
VOID = {"meta", "br", "wbr", "line", "polyline", "link", "img"}


@dataclass
class Document(HTMLParser):
    """What the tests ask of a page: its elements in order, each with its ancestors and attributes, and its text."""

    markup: str
    elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self.feed(self.markup)
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1] == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.texts.append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes, _ in self.elements if tag in tags]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@contextmanager
def opened(settings: Settings, version: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    path = settings.root.versions / f"{version:06d}" / "capaian.duckdb"
    with settings.resources.connect(path, read_only=True) as con:
        yield con


@pytest.fixture(scope="module")
def pages(reported: Settings) -> dict[str, str]:
    with opened(reported) as con:
        return {language: page(con, language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def document(pages: dict[str, str]) -> Document:
    return Document(pages["id"])


def test_the_published_report_is_the_indonesian_page(reported: Settings, pages: dict[str, str]) -> None:
    assert reported.root.report.read_text(encoding="utf-8") == pages["id"]


def test_published_anchors_stand_beside_the_registers_own_count(document: Document) -> None:
    first, second, last = (
        document.text.split(f"{year}: minimal")[1].split("Batang menunjukkan")[0] for year in (2022, 2023, 2024)
    )
    for card, figures in (
        (first, ("103,8 %", "20.760.000")),
        (second, ("105,4 %", "25.292.701", "112,5 %", "27.000.000")),
    ):
        assert [figure for figure in figures if figure not in card] == []
        assert "✔ tercapai" in card and "48 usaha" in card
    assert "KemenKopUKM tidak ada angka ? belum dapat dinilai" in last
    assert "Registrasi, D1 (lokapasar) 48 usaha" in last
    assert "tercapai" not in last.replace("tidak tercapai", "")


def test_the_headline_names_target_figure_day_definition_and_coverage(document: Document) -> None:
    lead = document.text.split("Ringkasan Dari")[1].split("Dua deret")[0]
    for part in ("30 juta", "25.292.701", "31 Desember 2023", "48", "D1", "1 dari 514", "belum dapat dinilai"):
        assert part in lead, part


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_one_small_file_without_script_or_network(pages: dict[str, str], language: str) -> None:
    markup = pages[language]
    assert len(markup.encode()) < 1_000_000
    assert "<script" not in markup.lower() and "javascript:" not in markup.lower()
    assert re.findall(r"https?://|//[a-z0-9.-]+\.[a-z]{2,}|@import|url\(", markup) == []
    found = Document(markup)
    assert not found.all("link", "iframe", "object", "embed", "img", "form", "base")
    assert [name for _, attributes, _ in found.elements for name in attributes if name.startswith("on")] == []
    assert {str(link["href"])[0] for link in found.all("a")} == {"#"}
    assert any(
        meta.get("http-equiv") == "Content-Security-Policy" and "default-src 'none'" in str(meta["content"])
        for meta in found.all("meta")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_language_landmarks_ordered_headings_and_unique_ids(pages: dict[str, str], language: str) -> None:
    found = Document(pages[language])
    assert found.all("html")[0]["lang"] == language
    assert len(found.all("main")) == len(found.all("nav")) == len(found.all("h1")) == 1
    levels = [int(tag[1]) for tag, _, _ in found.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []
    ids = Counter(attributes["id"] for _, attributes, _ in found.elements if "id" in attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    targets = {str(link["href"])[1:] for link in found.all("a")}
    labels = {name for _, attributes, _ in found.elements if (name := attributes.get("aria-labelledby"))}
    assert (targets | labels) - set(ids) == set()


def test_every_table_scrolls_in_a_named_region_and_has_caption_and_scope(document: Document) -> None:
    assert len(document.all("table")) == len(document.all("caption")) > 10
    regions = [row for row in document.all("div") if row.get("class") == "scroll"]
    assert len(regions) == len(document.all("table"))
    assert {(row["role"], row["tabindex"]) for row in regions} == {("region", "0")}
    assert {cell.get("scope") for cell in document.all("th")} == {"col", "row", "rowgroup"}


def test_every_row_has_as_many_cells_as_its_table_has_columns(pages: dict[str, str]) -> None:
    for table in re.findall(r"<table.*?</table>", pages["id"], flags=re.S):
        head, *body = re.findall(r"<tr.*?</tr>", table, flags=re.S)
        width = len(re.findall(r"<th ", head))
        for row in body:
            spans = [int(span) for span in re.findall(r'colspan="(\d+)"', row)]
            assert sum(spans) or len(re.findall(r"<t[hd][ >]", row)) == width, row
            assert not spans or spans == [width], row


def test_what_is_drawn_is_not_read_out_and_every_verdict_is_a_word(pages: dict[str, str]) -> None:
    assert re.findall(r"<i(?! [^>]*aria-hidden)(?![^>]*class=\"dot)[^>]*>", _without_drawings(pages["id"])) == []
    assert re.findall(r'<span class="verdict \w+"><span aria-hidden="true">.</span> ?</span>', pages["id"]) == []


def _without_drawings(markup: str) -> str:
    hidden = (
        r'<(span class="gauge[^"]*"|div class="meter"|div class="plot"|ul class="key") aria-hidden="true">.*?</\w+>'
    )
    return re.sub(hidden, "", markup, flags=re.S)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reference_to_a_footnote_has_its_note_and_a_way_back(pages: dict[str, str], language: str) -> None:
    markup = pages[language]
    referred = set(re.findall(r'href="#note-(\w+)"', markup))
    assert referred == set(re.findall(r'id="note-(\w+)"', markup)) == set(re.findall(r'id="ref-(\w+)"', markup))
    assert len(referred) > 8
    numbers = [int(number) for number in re.findall(r'id="ref-\w+"><a [^>]*>(\d+)</a>', markup)]
    assert numbers == sorted(numbers)


def test_every_word_is_there_in_both_languages_and_used() -> None:
    templates = "".join(path.read_text(encoding="utf-8") for path in REPORT.glob("*.jinja"))
    code = templates + "".join(path.read_text(encoding="utf-8") for path in REPORT.glob("*.py"))
    for key, texts in all_words().items():
        assert set(texts) == set(LANGUAGES) and all(texts.values()), key
        braces = [sorted(re.findall(r"{(\w+)}", texts[language])) for language in LANGUAGES]
        assert braces[0] == braces[1], key
        built = any(key.startswith(start) for start in _built_keys(code))
        assert f'"{key}"' in code or f"'{key}'" in code or built, f"{key} is in no template"


def _built_keys(code: str) -> set[str]:
    kinds = set(re.findall(r't\.code\("(\w+)"', code)) | {"size_class", "section", "owner_sex", "owner_age_band"}
    return (
        {f"{kind}_" for kind in kinds}
        | set(re.findall(r'"(\w+_)" ~ ', code))
        | {
            *("sheet_", "note_", "col_", "cap_", "koperasi_", "publication_", "series_"),
            *(f"{name}_title" for name in re.findall(r'"(\w+)"', code.split("set sections")[1].split("]")[0])),
        }
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_code_without_a_word_and_no_none_reaches_the_page(pages: dict[str, str], language: str) -> None:
    text = Document(pages[language]).text
    for word in (
        "None",
        "nan",
        "Undefined",
        "not_assessable",
        "register_observed",
        "official_reported",
        "{",
        "owner_sex",
    ):
        assert not re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", text), word


def test_numbers_and_dates_are_in_the_form_of_the_language() -> None:
    indonesian, english = Numbers("id"), Numbers("en")
    table = drawn(
        """
        | value     | id            | en            |
        | 1234567.5 | 1.234.568     | 1,234,568     |
        | 0         | 0             | 0             |
        """
    )
    for row in table:
        assert indonesian.count(float(row["value"])) == row["id"]
        assert english.count(float(row["value"])) == row["en"]
    assert [indonesian.percent(value) for value in (1.038, 0.000144, 0, None)] == ["103,8 %", "0,014 %", "0,0 %", "–"]
    assert english.percent(1.038) == "103.8%"
    assert indonesian.millions(20_760_000) == "20,76 juta" and english.millions(30_000_000) == "30 million"
    assert [indonesian.change(value) for value in (-1234, 0, 5)] == ["−1.234", "0", "+5"]
    assert [indonesian.rupiah(value) for value in (1_234_567_890, 2_500_000, 750)] == [
        "Rp1,23 miliar",
        "Rp2,5 juta",
        "Rp750",
    ]
    assert english.rupiah(3_000_000_000_000) == "IDR 3 trillion"
    assert indonesian.day(date(2024, 12, 31)) == "31 Desember 2024" and english.day(date(2024, 8, 1)) == "1 August 2024"


def test_a_file_name_with_markup_is_shown_as_text(pages: dict[str, str]) -> None:
    assert "onmouseover" in pages["id"]
    assert "<b onmouseover" not in pages["id"] and "onmouseover=" not in pages["id"].split("<main")[0]


def test_a_business_called_script_is_harmless(settings: Settings) -> None:
    name = "<script>alert(1)</script>"
    write_sidt(
        settings.root.inbox / "a.csv",
        [{"nomor_registrasi": f"R{place}", **stranger(place), "nama_usaha": name} for place in range(3)],
    )
    (settings.root.inbox / "<script>alert(1)<").write_bytes(b"a,b\n1,2\n")
    ingest_inbox(settings)
    publish_all(settings)
    markup = settings.root.report.read_text(encoding="utf-8")
    assert "<script" not in markup and "alert(1)_" in markup
    assert Document(markup).text.count("alert(1)") == 1


def test_what_is_filled_into_a_text_is_escaped() -> None:
    assert "<b>&lt;i&gt;</b>" in Words("id")("lead_reported", institution="x", count="<i>", day="y")
    assert unescape(Words("id").plain("lead_reported", institution="x", count="1 & 2", day="y")).startswith(
        "x terakhir"
    )


def test_changes_since_the_version_before_are_told_with_their_causes(pages: dict[str, str]) -> None:
    text = Document(pages["id"]).text.split("Yang berubah sejak versi sebelumnya")[-1]
    assert "Usaha terhitung 40 48 +8" in text and "Dibandingkan dengan versi 1" in text
    assert "+8 kiriman terlambat" in text or "+8 registrasi baru" in text


def test_the_first_version_says_that_there_is_none_before(reported: Settings) -> None:
    with opened(reported, 1) as con:
        assert "tidak memiliki versi sebelumnya" in page(con)


def test_the_certificate_is_quoted_without_single_deliveries(reported: Settings, document: Document) -> None:
    with opened(reported) as con:
        ((single,),) = con.execute("SELECT count(*) FROM meta.certificate WHERE item LIKE '%delivery %'").fetchall()
    assert single == 4 and "all deliveries" in document.text
    assert re.search(r"delivery \d+", document.text) is None


def test_a_hidden_count_is_a_letter_and_never_a_number(reported: Settings, pages: dict[str, str]) -> None:
    with changed(
        reported,
        "UPDATE released.regions SET is_suppressed = true, business_count = NULL, d1_count = NULL,"
        " d2_count = NULL, d3_count = NULL, d4_count = NULL WHERE region_code = '32'",
    ) as con:
        text = Document(page(con)).text
    province = text.split("Provinsi menurut jumlah usaha")[1].split("provinsi tanpa registrasi")[0]
    assert "– Jawa Barat c c c c 1 dari 27" in province
    assert "48" not in province
    assert "Jawa Barat: dirahasiakan" in text


@contextmanager
def changed(settings: Settings, statement: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the version in memory, after `statement`."""
    with duckdb.connect() as con:
        path = settings.root.versions / "000002" / "capaian.duckdb"
        con.execute(f"ATTACH '{path}' AS published (READ_ONLY)")
        con.execute("COPY FROM DATABASE published TO memory")
        con.execute("DETACH published")
        con.execute(statement)
        yield con


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "DELETE FROM marts.attainment_monthly WHERE series = 'official_reported'",
            "Capaian 2024 belum dapat dinilai : tidak",
        ),
        (
            "UPDATE meta.publication SET as_of_date = DATE '2024-06-30'",
            "Capaian 2024 belum dapat dinilai : tahun itu belum",
        ),
        (
            "UPDATE released.regions SET is_suppressed = true, business_count = NULL, d1_count = NULL, d2_count = NULL,"
            " d3_count = NULL, d4_count = NULL WHERE region_level <> 'nation'",
            "dirahasiakan",
        ),
        (
            "DELETE FROM released.breakdowns; DELETE FROM marts.digital_by_channel; DELETE FROM released.sales",
            "Ringkasan",
        ),
        ("DELETE FROM quality.findings", "Tidak ada temuan."),
        (
            "INSERT INTO reference.operator_targets VALUES ('32', 2024, 100, DATE '2024-01-01', 'x')",
            "Sasaran operator Capaian",
        ),
    ],
    ids=[
        "no official report",
        "year not over",
        "all regions hidden",
        "no breakdown",
        "no finding",
        "operator's targets",
    ],
)
def test_a_page_that_lacks_something_or_has_more_is_still_whole(
    reported: Settings, statement: str, sentence: str
) -> None:
    with changed(reported, statement) as con:
        assert sentence in Document(page(con)).text


def test_a_version_without_disclosure_control_gets_no_report(reported: Settings) -> None:
    with changed(reported, "DROP TABLE released.breakdowns") as con, pytest.raises(NotReleasable, match="disclosure"):
        page(con)


def test_thousands_of_refused_deliveries_leave_the_page_small(reported: Settings) -> None:
    many = (
        "INSERT INTO quality.deliveries SELECT deliveries.* REPLACE (n + 10 AS delivery_id, 'file ' || n AS file_name)"
        " FROM quality.deliveries CROSS JOIN range(5000) AS numbers(n) WHERE status = 'refused'"
    )
    with changed(reported, many) as con:
        markup = page(con)
    assert len(markup.encode()) < 300_000
    assert "4.801 kiriman lain" in Document(markup).text


def test_every_province_of_the_frame_has_a_tile_of_its_own_wide_and_narrow(reported: Settings) -> None:
    with opened(reported) as con:
        codes = con.execute("SELECT province_code FROM reference.provinces WHERE frame_code = '38'").fetchall()
    assert set(tiles()) == {code for (code,) in codes}
    assert len({(tile.row, tile.column) for tile in tiles().values()}) == 38
    assert len({(tile.narrow_row, tile.narrow_column) for tile in tiles().values()}) == 38
    assert len({tile.short_name for tile in tiles().values()}) == 38
    assert max(tile.narrow_column for tile in tiles().values()) == 6


def test_shades_and_frames_hold_what_is_drawn() -> None:
    bounds = shade_bounds([0.151, 0.4, 0.22])
    assert bounds == [0.15, 0.2, 0.25, 0.3, 0.35]
    assert [shade(ratio, bounds) for ratio in (0.151, 0.2, 0.299, 0.4)] == [1, 2, 3, 5]
    assert shade_bounds([]) == []
    frame = frame_around([date(2021, 5, 31), date(2025, 3, 1)], [27_000_000, 30_000_000])
    assert (frame.first, frame.last, frame.top) == (date(2020, 1, 1), date(2026, 1, 1), 40_000_000)
    assert frame.line([(date(2020, 1, 1), 0), (date(2026, 1, 1), 40_000_000)]) == "0,100 100,0"
    assert frame.ticks() == [0, 10_000_000, 20_000_000, 30_000_000, 40_000_000]
