"""Draft: a whole proposed profile for one export, and what an engineer must decide before it is used.

Belongs here: what goes into the draft, what stays out as unsure, and the list of checks. Does not belong here: the
evidence (`match.py`, `facts.py`) and how the draft is written (`toml_text.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from transforms.drafting import facts
from transforms.drafting.facts import Proposal
from transforms.drafting.match import CLEAR_NAME, Match, match_fields
from transforms.drafting.sample import Sample
from transforms.drafting.values import READERS, REQUIRED, inspect, load_sample
from transforms.reading.encoding import FALLBACK
from transforms.reading.refusal import RefusedDelivery
from transforms.recognise import header_names, match_headers
from warehouse.profiles import SourceProfile

SURE = 0.6
"""What is less sure than this is written as a comment, for an engineer to decide."""
WORTH_ASKING = 0.3
"""What is less sure than this, without a clear name, is only mentioned beside the ignored header."""


@dataclass(frozen=True)
class DraftedColumn:
    """One of our columns with the header it is read from; `reader` is "" for the column's own one."""

    column: str
    header: str
    reader: str
    match: Match


@dataclass(frozen=True)
class Draft:
    """A proposed profile. `columns` are sure, `unsure` are not; `ignored` maps every other header to its comment."""

    file_name: str
    sample_row_count: int
    header_count: int
    name: str
    register: Proposal
    wave: Proposal
    kind: str
    delimiter: Proposal
    fallback_encoding: Proposal
    header_rows: int
    decimal_mark: Proposal
    money_unit_idr: Proposal
    region_code_system: Proposal
    region_code_parts: tuple[tuple[str, int, Match], ...]
    columns: tuple[DraftedColumn, ...]
    unsure: tuple[DraftedColumn, ...]
    ignored: tuple[tuple[str, str], ...]
    checks: tuple[str, ...]


def draft_profile(
    con: duckdb.DuckDBPyConnection, sample: Sample, file_name: str, profiles: Sequence[SourceProfile]
) -> Draft:
    """The profile that `sample` proposes; `con` has the reader macros and the reference tables.

    Raises `RefusedDelivery` where the header holds values, so that no personal value is ever printed as a header.
    """
    headers = _headers(sample.header_rows)
    names = header_names(sample.header_rows)
    load_sample(con, sample.rows, len(headers))
    usable = [place for place, name in enumerate(names) if name and names.index(name) == place]
    inspected = inspect(con, len(headers))
    matches = [
        _at(match, usable[match.place], names)
        for match in match_fields(
            [headers[place] for place in usable], [inspected[place] for place in usable], profiles
        )
    ]
    sure = {match.field: match for match in matches if match.field and match.confidence >= SURE}
    system = facts.region_code_system(con, sure)
    parts = facts.region_code_parts(con, sure, str(system.value))
    mark = facts.decimal_mark(con, sure, sample.delimiter)
    columns = _columns(con, sure)
    unsure = [
        DraftedColumn(match.field, match.header, "", match)
        for match in matches
        if match.field in READERS and match.confidence < SURE and _is_worth_asking(match)
    ]
    used = {column.header for column in columns} | {match.header for match, _ in parts}
    name = re.sub(r"[^a-z0-9]+", "-", Path(file_name).stem.lower()).strip("-") or "draft"
    draft = Draft(
        file_name=file_name,
        sample_row_count=len(sample.rows),
        header_count=len(headers),
        name=name,
        register=_register(sure, name, profiles),
        wave=facts.wave(con, sure),
        kind=sample.kind,
        delimiter=_delimiter(sample),
        fallback_encoding=_fallback_encoding(sample),
        header_rows=len(sample.header_rows),
        decimal_mark=mark,
        money_unit_idr=facts.money_unit_idr(con, sure, str(mark.value)),
        region_code_system=system,
        region_code_parts=tuple((match.header, width, match) for match, width in parts),
        columns=tuple(columns),
        unsure=tuple(unsure),
        ignored=tuple((match.header, _why_ignored(match)) for match in matches if match.header not in used),
        checks=(),
    )
    return _with_checks(con, draft, sure, names, profiles)


def _headers(header_rows: Sequence[Sequence[str]]) -> list[str]:
    """The headers as delivered: per field the lowest row that says something."""
    width = max(map(len, header_rows))
    texts = [[row[place] for row in header_rows if place < len(row) and row[place].strip()] for place in range(width)]
    headers = [found[-1] if found else "" for found in texts]
    if any(re.search(r"\d{8}", re.sub(r"[ .+-]", "", header)) for header in headers):
        raise RefusedDelivery(
            f"line {len(header_rows)}: the header holds numbers of eight digits or more, so it seems to be a row of"
            " values; send the export with its header"
        )
    return headers


def _is_worth_asking(match: Match) -> bool:
    return match.confidence >= WORTH_ASKING or match.name.score >= CLEAR_NAME


def _at(match: Match, place: int, names: Sequence[str]) -> Match:
    return replace(match, place=place, header=names[place])


def _columns(con: duckdb.DuckDBPyConnection, sure: dict[str, Match]) -> list[DraftedColumn]:
    """The sure columns in the contract's order; a name with brackets is read twice, for the business and its owner."""
    readers: dict[str, str] = {}
    business = sure.get("business_name")
    if business and facts.bracketed_share(con, business) >= facts.BRACKETED_SHARE:
        readers["business_name"] = "read_name_before_brackets"
        if "owner_name" not in sure:
            readers["owner_name"] = "read_name_in_brackets"
            sure = {**sure, "owner_name": business}
    return [
        DraftedColumn(name, sure[name].header, readers.get(name, ""), sure[name]) for name in READERS if name in sure
    ]


def _register(sure: dict[str, Match], name: str, profiles: Sequence[SourceProfile]) -> Proposal:
    number = sure.get("registration_number")
    for profile in profiles:
        if number and number.header in dict(profile.columns)["registration_number"]:
            return Proposal(profile.register, f"{number.header} is the number of profile {profile.name}", 0.9)
    return Proposal(re.sub(r"[0-9-]+", "-", name).strip("-") or "draft", "proposed from the file's name", 0.3)


def _delimiter(sample: Sample) -> Proposal:
    if sample.kind != "csv":
        return Proposal(sample.delimiter, "a sheet has none", 1.0)
    return Proposal(
        sample.delimiter,
        f"it cuts {sample.delimiter_confidence:.1%} of the records into as many fields as the header",
        sample.delimiter_confidence,
    )


def _fallback_encoding(sample: Sample) -> Proposal:
    if sample.encoding != FALLBACK:
        return Proposal("cp1252", f"not needed for this file ({sample.encoding_evidence}); the usual one", 0.8)
    return Proposal(sample.encoding, sample.encoding_evidence, 0.8)


def _why_ignored(match: Match) -> str:
    if match.field in READERS and not _is_worth_asking(match):
        return f"nearest: {match.field}, with next to no evidence ({match.confidence:.2f})"
    if match.field in READERS:
        return f"CHECK: may be {match.field}, see below"
    if match.field:
        return f"{match.field}, which no table reads"
    return f"nearest: {match.rival}, but its values or another header speak against it" if match.rival else "not known"


def _with_checks(
    con: duckdb.DuckDBPyConnection,
    draft: Draft,
    sure: dict[str, Match],
    names: Sequence[str],
    profiles: Sequence[SourceProfile],
) -> Draft:
    """The draft with the list of what an engineer must decide."""
    checks = [
        f"the headers already fit profile {profile.name}; a new one is not needed"
        for profile in profiles
        if not match_headers(names, profile)[1]
    ]
    counted = sure.get("aggregate_count")
    if not {"business_name", "owner_name", "nik"} & set(sure):
        said = f", and {counted.header} is a count" if counted else ""
        checks.append(f"a recap, not registrations: no header names a business or an owner{said}")
    found = {column.column for column in draft.columns} | ({"source_region_code"} if draft.region_code_parts else set())
    if missing := [name for name in READERS if name in REQUIRED and name not in found]:
        checks.append(f"no header was found for {', '.join(missing)}, which every registration must have")
    for key in ("register", "wave", "delimiter", "decimal_mark", "money_unit_idr", "region_code_system"):
        proposal: Proposal = getattr(draft, key)
        if proposal.confidence < SURE:
            checks.append(f"{key} is not sure: {proposal.evidence}")
    for column in draft.unsure:
        values = column.match.values
        because = (
            f"only {values.fit:.0%} of its {values.count:,} values are read by {READERS[column.column]}"
            if values.count and values.fit < SURE
            else f"the evidence is weak ({column.match.confidence:.2f})"
        )
        checks.append(f"{column.header} may be {column.column}: {because}")
    for column in draft.columns:
        if READERS[column.column] == "read_date" and facts.month_first_share(con, column.match) > 0.05:
            checks.append(f"{column.header} has dates with the month first, which read_date does not read")
    nameless = sum(not name for name in names)
    if nameless:
        checks.append(f"{nameless} fields have no header and cannot be read")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        checks.append(f"{', '.join(twice)}: headers that stand more than once; only the first is read")
    return replace(draft, checks=tuple(checks))
