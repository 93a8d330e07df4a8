"""Marts: attainment and what explains it. No personal column."""

from __future__ import annotations

from warehouse import columns
from warehouse.contract import Column, Table

ATTAINMENT_NATIONAL = Table(
    "marts",
    "attainment_national",
    "target year, definition, series and institution",
    "Targets beside what institutions reported and what the register holds.",
    (
        columns.TARGET_YEAR,
        columns.DEFINITION_CODE,
        columns.SERIES,
        columns.INSTITUTION,
        columns.TARGET_COUNT,
        columns.OBSERVED_COUNT,
        columns.ATTAINMENT_RATIO,
        columns.GAP_COUNT,
        columns.VERDICT,
        columns.COVERAGE_RATIO,
        columns.AS_OF_DATE,
        columns.REGENCY_COVERAGE_RATIO,
        columns.POPULATION_COVERAGE_RATIO,
    ),
    ("target_year", "definition_code", "series", "institution"),
    published=True,
)
ATTAINMENT_PROVINCE = Table(
    "marts",
    "attainment_province",
    "frame, province, target year and definition",
    "The register's count by province; official targets exist only nationally, so targets are indicative allocations.",
    (
        columns.FRAME_CODE,
        columns.PROVINCE_CODE,
        columns.PROVINCE_NAME,
        columns.TARGET_YEAR,
        columns.DEFINITION_CODE,
        columns.SERIES,
        columns.TARGET_COUNT.described("Indicative share of the national target, see target_basis."),
        Column("target_basis", "VARCHAR", "indicative_allocation: no official target exists below the nation."),
        Column("allocation_key", "VARCHAR", "What the national target was shared out by."),
        columns.OBSERVED_COUNT,
        columns.ATTAINMENT_RATIO,
        columns.GAP_COUNT,
        columns.VERDICT,
        columns.COVERAGE_RATIO,
        columns.AS_OF_DATE,
        Column("business_count", "BIGINT", "Counted businesses of the province, digital or not."),
    ),
    ("frame_code", "province_code", "target_year", "definition_code"),
    published=True,
)

MART_TABLES = (ATTAINMENT_NATIONAL, ATTAINMENT_PROVINCE)
