"""TOML text: a draft as a profile file, each line with what was seen and how sure it is.

Belongs here: the text. Does not belong here: what is proposed (`draft.py`). The file names headers and counts only.
"""

from __future__ import annotations

import json

from transforms.drafting.draft import Draft, DraftedColumn
from transforms.drafting.facts import Proposal
from transforms.drafting.values import READERS


def toml_text(draft: Draft) -> str:
    """The draft as TOML that `warehouse.profiles.parse_profile` takes."""
    mapped = len(draft.columns) + bool(draft.region_code_parts)
    lines = [
        f"# Draft of a source profile, from {_quoted(draft.file_name)}: {draft.sample_row_count:,} rows seen,"
        f" {draft.header_count} fields, {mapped} of our {len(READERS)} columns found.",
        "# Each comment says what was seen and how sure it is (0 to 1); what is less sure than 0.6 is commented out.",
        *(f"# CHECK: {check}" for check in draft.checks),
        f"name = {_quoted(draft.name)}",
        f"title = {_quoted('Ekspor ' + draft.name)}",
        _stated("register", draft.register),
        _stated("wave", draft.wave),
        "",
        "[file]",
        _stated("delimiter", draft.delimiter),
        _stated("fallback_encoding", draft.fallback_encoding),
        f"header_rows = {draft.header_rows}",
        "ignored_headers = [",
        *(f"    {_quoted(header)},  # {why}" for header, why in draft.ignored),
        "]",
        "",
        "[values]",
        _stated("decimal_mark", draft.decimal_mark),
        _stated("money_unit_idr", draft.money_unit_idr),
        _stated("region_code_system", draft.region_code_system),
    ]
    if draft.region_code_parts:
        parts = ", ".join(f"{header} = {width}" for header, width, _ in draft.region_code_parts)
        sure = min(match.confidence for _, _, match in draft.region_code_parts)
        lines.append(f"region_code_parts = {{ {parts} }}  # headers and digits, joined in this order; sure: {sure:.2f}")
    readers = [column for column in draft.columns if column.reader]
    if readers:
        lines += ["", "[readers]", *(f"{column.column} = {_quoted(column.reader)}" for column in readers)]
    lines += ["", "[columns]", *(_mapped(column) for column in draft.columns)]
    lines += [f"# {_mapped(column)}" for column in draft.unsure]
    lines += [
        "",
        f"# To use it: settle every CHECK, save it as warehouse/sources/{draft.name}.toml and put the export into the",
        "# inbox; `capaian run` then recognises this kind of file by its headers.",
    ]
    return "\n".join(lines) + "\n"


def evidence_of(column: DraftedColumn) -> str:
    """One sentence on a column's evidence: values, header."""
    match = column.match
    reader = column.reader or READERS[column.column]
    values = (
        f"{match.values.fit:.0%} of {match.values.count:,} values fit ({reader})"
        if match.values.count
        else "no value was seen"
    )
    header = f"header like {match.name.like} ({match.name.score:.2f})" if match.name.like else "its header says nothing"
    rival = f"; also possible: {match.rival}" if match.rival else ""
    return f"{values}; {header}{rival}"


def _mapped(column: DraftedColumn) -> str:
    return f"{column.column} = [{_quoted(column.header)}]  # {evidence_of(column)}; sure: {column.match.confidence:.2f}"


def _stated(key: str, proposal: Proposal) -> str:
    value = proposal.value if isinstance(proposal.value, int) else _quoted(proposal.value)
    return f"{key} = {value}  # {proposal.evidence}; sure: {proposal.confidence:.2f}"


def _quoted(text: str) -> str:
    return json.dumps(text)
