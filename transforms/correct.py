"""Correct: decisions about wrong values are applied while a delivery is standardised, and answer for themselves later.

Belongs here: the SQL that replaces a wrong text before it is read (code fix) or a wrong value after it was read
(correction), and the SQL that finds decisions which no longer hold. Does not belong here: what may be decided
(`warehouse/corrections.py`), and whether the outcome is acceptable (`expectations/`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple

from warehouse.contract import quoted
from warehouse.corrections import CODE_FIXES_FILE, CORRECTIONS_FILE, Corrections
from warehouse.profiles import SourceProfile
from warehouse.registration import REGISTRATION
from warehouse.tables.quality import CORRECTIONS

_TYPES = {column.name: column.type for column in REGISTRATION}


def fixed_texts_sql(texts: str, corrections: Corrections, profile: SourceProfile, positions: Collection[str]) -> str:
    """SELECT over `texts(line_number, <column>_text ...)` with the profile's code fixes in place.

    It adds `fixed_texts`: column to the text as delivered, NULL where nothing was fixed.
    """
    wrong: dict[str, list[tuple[str, str]]] = {}
    for fix in corrections.code_fixes:
        if fix.profile == profile.name and fix.column_name in positions:
            wrong.setdefault(fix.column_name, []).append((fix.wrong_text, fix.right_text))
    if not wrong:
        return f"SELECT *, CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS fixed_texts FROM {texts}"
    replaced = ", ".join(f"coalesce(fix_{name}.right_text, {name}_text) AS {name}_text" for name in wrong)
    entries = ", ".join(
        f"CASE WHEN fix_{name}.right_text IS NOT NULL THEN {{'key': '{name}', 'value': fix_{name}.wrong_text}} END"
        for name in wrong
    )
    joins = " ".join(
        f"LEFT JOIN {_values(pairs, ('wrong_text', 'right_text'), f'fix_{name}')}"
        f" ON fix_{name}.wrong_text = trim({name}_text)"
        for name, pairs in wrong.items()
    )
    any_fixed = " OR ".join(f"fix_{name}.right_text IS NOT NULL" for name in wrong)
    return f"""SELECT {texts}.* REPLACE ({replaced}),
            CASE WHEN {any_fixed} THEN map_from_entries(list_filter([{entries}], lambda entry: entry IS NOT NULL)) END
                AS fixed_texts
        FROM {texts} {joins}"""


def corrected_values_sql(values: str, corrections: Corrections, profile: SourceProfile, texts: Collection[str]) -> str:
    """SELECT over `values(line_number, <column> ...)` with the corrections of the profile's register in place.

    `texts` are the columns whose source text stands beside their value as `<column>_text`. A correction whose `expect`
    is not what was delivered changes nothing. It adds `corrected_columns`, NULL where nothing was corrected.
    """
    records = [record for record in corrections.records if record.source_register == profile.register]
    if not records:
        return f"SELECT *, CAST(NULL AS VARCHAR[]) AS corrected_columns FROM {values}"
    names = sorted({record.column_name for record in records})
    decided: dict[str, dict[str, tuple[str, str]]] = {}
    for record in records:
        decided.setdefault(record.registration_number, {})[record.column_name] = (record.expect, record.replacement)
    rows = [
        (number, *(part for name in names for part in of.get(name, (None, None)))) for number, of in decided.items()
    ]
    columns = ("registration_number", *(f"{name}_{part}" for name in names for part in ("expect", "replacement")))
    holds, replaced = {}, []
    for name in names:
        text = f"given({name}_text)" if name in texts else "NULL"
        holds[name] = f"coalesce(coalesce(CAST({name} AS VARCHAR), {text}, '') = decided.{name}_expect, false)"
        replacement = f"CAST(nullif(decided.{name}_replacement, '') AS {_TYPES[name]})"
        replaced.append(f"CASE WHEN {holds[name]} THEN {replacement} ELSE {name} END AS {name}")
        if name in texts:
            replaced.append(f"CASE WHEN NOT {holds[name]} THEN {name}_text END AS {name}_text")
    done = ", ".join(f"CASE WHEN {test} THEN '{name}' END" for name, test in holds.items())
    return f"""SELECT delivered.* REPLACE ({", ".join(replaced)}),
            nullif(list_filter([{done}], lambda name: name IS NOT NULL), []) AS corrected_columns
        FROM {values} AS delivered LEFT JOIN {_values(rows, columns, "decided")}
            ON decided.registration_number = delivered.registration_number"""


def correction_status_sql(corrections: Corrections, profiles: Mapping[int, str], memberships: str) -> str:
    """SELECT with the columns of `quality.corrections`, over `validated`, `quarantined` and the relation `memberships`.

    `profiles` names the profile of each validated delivery. A registration speaks through its current row, and through
    its quarantined ones where it has none; a row that was superseded says nothing about what is delivered now.
    """
    parts = [
        part
        for part in (_record_status_sql(corrections, memberships), _code_fix_status_sql(corrections, profiles))
        if part
    ] or [f"SELECT {', '.join(f'CAST(NULL AS {column.type}) AS {column.name}' for column in CORRECTIONS)} WHERE false"]
    return " UNION ALL BY NAME ".join(f"({part})" for part in parts)


def _record_status_sql(corrections: Corrections, memberships: str) -> str:
    if not corrections.records:
        return ""
    names = (
        "decision_line, source_register, registration_number, column_name, expect, replacement, reason, source,"
        " decided_date"
    )
    decided = _values(map(astuple, corrections.records), names.split(", "), "decided")
    return f"""
        WITH decided AS (SELECT * FROM {decided}),
        held AS (
            SELECT source_register, registration_number, corrected_columns,
                CASE WHEN is_current THEN 1 WHEN is_current IS NULL THEN 2 END AS voice
            FROM (
                SELECT row_id, source_register, registration_number, corrected_columns FROM validated
                UNION ALL
                SELECT row_id, source_register, registration_number, corrected_columns FROM quarantined
            )
            SEMI JOIN decided USING (source_register, registration_number)
            LEFT JOIN {memberships} AS memberships USING (row_id)
        ), heard AS (
            SELECT decided.decision_line,
                count(*) FILTER (is_done) AS row_count,
                arg_min(is_done, (voice, NOT is_done)) FILTER (voice IS NOT NULL) AS holds
            FROM (
                SELECT decision_line, voice, coalesce(list_contains(corrected_columns, column_name), false) AS is_done
                FROM decided JOIN held USING (source_register, registration_number)
            ) AS decided GROUP BY decision_line
        )
        SELECT {quoted(CORRECTIONS_FILE)} AS decision_file, decided.decision_line, source_register,
            NULL AS profile, registration_number, column_name, expect, replacement, reason, source, decided_date,
            CASE WHEN holds IS NULL THEN 'unmatched' WHEN holds THEN 'applied' ELSE 'stale' END AS status,
            coalesce(row_count, 0) AS row_count
        FROM decided LEFT JOIN heard USING (decision_line)"""


def _code_fix_status_sql(corrections: Corrections, profiles: Mapping[int, str]) -> str:
    if not corrections.code_fixes:
        return ""
    names = "decision_line, profile, column_name, expect, replacement, reason, source, decided_date"
    decided = _values(map(astuple, corrections.code_fixes), names.split(", "), "decided")
    deliveries = _values(sorted(profiles.items()) or [(None, None)], ("delivery_id", "profile"), "deliveries")
    return f"""
        WITH decided AS (SELECT * FROM {decided}),
        deliveries AS (SELECT delivery_id::BIGINT AS delivery_id, profile FROM {deliveries}),
        fixed AS (
            SELECT profile, entry.key AS column_name, entry.value AS expect, count(*) AS row_count
            FROM (
                SELECT delivery_id, unnest(map_entries(fixed_texts)) AS entry FROM (
                    SELECT delivery_id, fixed_texts FROM validated
                    UNION ALL
                    SELECT delivery_id, fixed_texts FROM quarantined
                ) WHERE fixed_texts IS NOT NULL
            ) JOIN deliveries USING (delivery_id) GROUP BY ALL
        )
        SELECT {quoted(CODE_FIXES_FILE)} AS decision_file, decision_line, NULL AS source_register, profile,
            NULL AS registration_number, column_name, expect, replacement, reason, source, decided_date,
            CASE WHEN row_count > 0 THEN 'applied'
                WHEN profile IN (SELECT profile FROM deliveries WHERE profile IS NOT NULL) THEN 'stale'
                ELSE 'unmatched' END AS status,
            coalesce(row_count, 0) AS row_count
        FROM decided LEFT JOIN fixed USING (profile, column_name, expect)"""


def _values(rows: Iterable[Sequence[object]], columns: Sequence[str], name: str) -> str:
    """A small table written out in the query."""
    tuples = ", ".join(f"({', '.join(_literal(value) for value in row)})" for row in rows)
    return f"(VALUES {tuples}) AS {name} ({', '.join(columns)})"


def _literal(value: object) -> str:
    return "NULL::VARCHAR" if value is None else str(value) if isinstance(value, int) else quoted(str(value))
