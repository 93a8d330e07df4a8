"""Released tables: what may leave the ministry. Hidden counts are NULL and marked, never 0."""

from __future__ import annotations

from warehouse import columns, registration
from warehouse.contract import Column, Table

_IS_SUPPRESSED = Column(
    "is_suppressed", "BOOLEAN", "Whether the counts are hidden (shown as c), see quality.suppression_log."
)
_MEASURES = (
    columns.BUSINESS_COUNT.described("Counted businesses, digital or not; NULL when hidden."),
    *(column.described(f"{column.description[:-1]}; NULL when hidden.") for column in columns.DEFINITION_COUNTS),
    _IS_SUPPRESSED,
    columns.OBSERVED_DATE,
    columns.AS_OF_DATE,
)

RELEASED_REGIONS = Table(
    "released",
    "regions",
    "nation, province of either frame, or kab/kota",
    "Businesses by region, for use outside the ministry: small counts, and what would tell them, are hidden.",
    (
        Column("unit_code", "VARCHAR", "The region with its level and frame."),
        Column("parent_code", "VARCHAR", "The region it is part of; NULL for the nation."),
        Column("region_level", "VARCHAR", "nation, province, regency or unknown."),
        columns.FRAME_CODE.described("Frame of a province: 34 or 38; NULL otherwise."),
        Column("region_code", "VARCHAR", "Kemendagri code of the region; ID for the nation."),
        Column("region_name", "VARCHAR", "Name of the region."),
        *_MEASURES,
    ),
    ("unit_code",),
    published=True,
)
RELEASED_BREAKDOWNS = Table(
    "released",
    "breakdowns",
    "breakdown and category",
    "Businesses of the country by size, sector and owner, for use outside the ministry; hidden as regions are.",
    (
        Column("breakdown", "VARCHAR", "size_class, section (KBLI), owner_sex or owner_age_band."),
        Column("category_code", "VARCHAR", "Category; unknown where the register has no value."),
        *_MEASURES,
    ),
    ("breakdown", "category_code"),
    published=True,
)

RELEASED_SALES = Table(
    "released",
    "sales",
    "year of sales and KBLI section",
    "Sales of counted businesses by sector, for use outside the ministry; hidden where one could be worked out.",
    (
        registration.OMZET_YEAR.described("Year of the sales; amounts of different years must not be added up."),
        columns.SECTION_CODE,
        Column("omzet_idr", "BIGINT", "Sales of those that give them, rupiah; NULL when hidden."),
        Column("contributor_count", "BIGINT", "Businesses with sales above 0; NULL when hidden."),
        _IS_SUPPRESSED,
        columns.AS_OF_DATE,
    ),
    ("omzet_year", "section_code"),
    published=True,
)

RELEASED_TABLES = (RELEASED_REGIONS, RELEASED_BREAKDOWNS, RELEASED_SALES)
