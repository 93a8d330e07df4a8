"""Quality and meta: what became of every delivery and line, and what a version was made from."""

from __future__ import annotations

from warehouse import columns, registration
from warehouse.contract import Column, Table
from warehouse.tables.lake import UNPARSABLE

DELIVERIES = Table(
    "quality",
    "deliveries",
    "delivery",
    "Every file that arrived, once, whatever became of it.",
    (
        registration.DELIVERY_ID,
        Column("file_name", "VARCHAR", "Name under which the file first arrived."),
        Column("sha256", "VARCHAR", "SHA-256 of its bytes."),
        Column("profile", "VARCHAR", "Source profile it was recognised as; NULL when none fitted."),
        Column("sender", "VARCHAR", "Profile and the province of most of its region codes; NULL when it was not read."),
        Column("data_date", "DATE", "Day of interview or last change of its middle record."),
        Column(
            "status",
            "VARCHAR",
            "validated, held (kept out of this release, see quality.drift), refused, or unpacked (an archive).",
        ),
        Column("reason", "VARCHAR", "Why it was refused or held and what to do."),
        Column("byte_count", "BIGINT", "Size, bytes."),
        Column("line_count", "BIGINT", "Physical lines, counted without the parser."),
        Column("encoding", "VARCHAR", "Encoding it was read in; of a workbook or Parquet file its kind."),
        Column("archive_id", "BIGINT", "delivery_id of the archive it came in; NULL when it came by itself."),
    ),
    ("delivery_id",),
    published=True,
)
ROW_BALANCE = Table(
    "quality",
    "row_balance",
    "delivery and seam",
    "The conservation law: what goes into each seam comes out of it. delivery_id 0 stands for the register as a whole.",
    (
        registration.DELIVERY_ID,
        Column("seam", "VARCHAR", "lines, judgement, registrations or businesses."),
        Column("rows_in", "BIGINT", "Rows that went in."),
        Column("rows_out", "BIGINT", "Rows accounted for on the other side."),
        Column("residual_count", "BIGINT", "rows_in - rows_out: 0, or nothing is published."),
        Column("parts", "MAP(VARCHAR, BIGINT)", "What rows_out consists of."),
    ),
    ("delivery_id", "seam"),
    published=True,
)
_SEVERITY = columns.SEVERITY.described(
    "refuse_file (the delivery stays out), quarantine_row (the row is set aside) or warn."
)
_EVIDENCE = Column("evidence", "VARCHAR", "Names of headers or codes that were found; never a personal value.")
FINDINGS = Table(
    "quality",
    "findings",
    "delivery and rule",
    "What each delivery broke, refused ones included, to be answered to its sender.",
    (
        registration.DELIVERY_ID,
        columns.RULE_CODE,
        _SEVERITY,
        columns.COLUMN_NAME,
        Column(
            "finding_count", "BIGINT", "Rows that break the rule; for a gate the lines, texts or headers it counts."
        ),
        Column("evaluated_count", "BIGINT", "Of how many."),
        Column("first_line_number", "INTEGER", "First line that breaks it; NULL for a gate."),
        _EVIDENCE,
        Column("sentence_id", "VARCHAR", "What must hold, in Indonesian."),
        Column("sentence_en", "VARCHAR", "What must hold, in English."),
    ),
    ("delivery_id", "rule_code"),
    published=True,
)
DRIFT = Table(
    "quality",
    "drift",
    "delivery, rule and column",
    "How each delivery differs from what the same sender delivered before.",
    (
        registration.DELIVERY_ID,
        Column(
            "previous_delivery_id",
            "BIGINT",
            "Delivery it is compared with; NULL when it is compared with all earlier ones together.",
        ),
        columns.RULE_CODE,
        _SEVERITY,
        columns.COLUMN_NAME,
        Column("previous_value", "DOUBLE", "Before: rows, share between 0 and 1, or rows that carry the codes."),
        Column("current_value", "DOUBLE", "The same of this delivery."),
        _EVIDENCE,
        FINDINGS["sentence_id"].described("What was found and what to check, in Indonesian."),
        FINDINGS["sentence_en"].described("What was found and what to check, in English."),
    ),
    ("delivery_id", "rule_code", "column_name"),
    published=True,
)
RULE_RESULTS = Table(
    "quality",
    "rule_results",
    "delivery and rule",
    "Great Expectations' count beside the count of the rows set aside.",
    (
        registration.DELIVERY_ID,
        columns.RULE_CODE,
        columns.SEVERITY,
        Column("evaluated_count", "BIGINT", "Rows judged."),
        Column("expectation_count", "BIGINT", "Failing rows as counted by Great Expectations."),
        Column("row_count", "BIGINT", "Failing rows as marked in validated and quarantined."),
    ),
    ("delivery_id", "rule_code"),
    published=True,
)
QUARANTINED_ROWS = Table(
    "quality",
    "quarantined_rows",
    "quarantined source line",
    "Which lines wait for repair, without their content.",
    (registration.ROW_ID, registration.DELIVERY_ID, registration.LINE_NUMBER, registration.RULE_CODES),
    ("row_id",),
    published=True,
)
UNPARSABLE_LINES = Table(
    "quality",
    "unparsable_lines",
    "unparsable source line",
    "Which lines are no record at all, without their content.",
    (registration.DELIVERY_ID, registration.LINE_NUMBER, UNPARSABLE["reason_code"]),
    ("delivery_id", "line_number"),
    published=True,
)
QUARANTINE_HISTORY = Table(
    "quality",
    "quarantine_history",
    "quarantined source line",
    "Whether each quarantined line still waits, or which validated line of another delivery repaired it.",
    (
        registration.ROW_ID,
        registration.DELIVERY_ID,
        registration.LINE_NUMBER,
        registration.RULE_CODES,
        Column("status", "VARCHAR", "waiting or repaired."),
        Column("repaired_by_row_id", "BIGINT", "Validated line of the same registration number; NULL while waiting."),
        Column("repaired_by_delivery_id", "BIGINT", "Delivery of that line."),
    ),
    ("row_id",),
    published=True,
)
WAITING_COUNTS = Table(
    "quality",
    "waiting_counts",
    "kab/kota, digital rank and days",
    "What the lines that wait in quarantine would count as; the band of every count reaches up to them.",
    (
        registration.REGENCY_CODE.described("Kabupaten/kota; unknown when it cannot be resolved."),
        columns.DIGITAL_RANK,
        columns.COUNTED_FROM_DATE,
        Column("known_from_date", "DATE", "Day of the interview, or the first day of the wave."),
        Column("waiting_count", "BIGINT", "Registrations that wait, each number once."),
    ),
    ("regency_code", "digital_rank", "counted_from_date", "known_from_date"),
    published=True,
)
CORRECTIONS = Table(
    "quality",
    "corrections",
    "correction or code fix",
    "Every decision about a wrongly delivered value, and whether it still holds.",
    (
        Column("decision_file", "VARCHAR", "corrections.csv (one record) or code_fixes.csv (a whole profile)."),
        Column("decision_line", "INTEGER", "Line of that file."),
        registration.SOURCE_REGISTER.described("Register of the corrected record; NULL for a code fix."),
        Column("profile", "VARCHAR", "Source profile of a code fix; NULL for a correction."),
        registration.REGISTRATION_NUMBER.described("The corrected record; NULL for a code fix."),
        columns.COLUMN_NAME.described("The corrected column, never a personal one."),
        Column("expect", "VARCHAR", "The wrong value, or the wrong text of a code fix."),
        Column("replacement", "VARCHAR", "The value or text in its place."),
        Column("reason", "VARCHAR", "Why."),
        columns.SOURCE.described("Who or what says so."),
        Column("decided_date", "DATE", "Day of the decision."),
        Column(
            "status",
            "VARCHAR",
            "applied; stale when something else is delivered now; unmatched when no delivery holds it.",
        ),
        Column("row_count", "BIGINT", "Rows it was applied to."),
    ),
    ("decision_file", "decision_line"),
    published=True,
)
SUPPRESSION_LOG = Table(
    "quality",
    "suppression_log",
    "released table, unit and hidden column",
    "What is hidden in tables that leave the ministry and why, without the hidden values; never released itself.",
    (
        Column("released_table", "VARCHAR", "Released table in which it is hidden."),
        Column("unit_code", "VARCHAR", "Hidden unit: region with its frame or level, or category."),
        columns.COLUMN_NAME.described("The hidden column; record when all measures of the unit are hidden."),
        Column(
            "reason",
            "VARCHAR",
            "primary (small count), dominance, complementary, parent_hidden, earlier_release or unprotectable"
            " (nothing protects it, so this release is not made).",
        ),
        Column("threshold_count", "INTEGER", "Smallest count that is shown, and narrowest interval that is left."),
    ),
    ("released_table", "unit_code", "column_name"),
    published=True,
)
PUBLICATION = Table(
    "meta",
    "publication",
    "the published version (one row)",
    "What this file is and what it was made from.",
    (
        columns.VERSION,
        columns.AS_OF_DATE,
        Column(
            "known_date",
            "DATE",
            "Business day of the run that published it, never before that of the version it was built upon.",
        ),
        Column(
            "input_fingerprint",
            "VARCHAR",
            "SHA-256 over deliveries, contract, rules, transforms, reference and as-of date.",
        ),
        Column("contract_fingerprint", "VARCHAR", "SHA-256 of the table definitions."),
        Column("rules_fingerprint", "VARCHAR", "SHA-256 of the rule book."),
        Column("transforms_fingerprint", "VARCHAR", "SHA-256 of the code that makes rows."),
        Column("reference_fingerprint", "VARCHAR", "SHA-256 of the reference data."),
        Column("code_version", "VARCHAR", "Version of capaian."),
        Column("delivery_count", "INTEGER", "Validated deliveries."),
        Column("held_count", "INTEGER", "Deliveries held out of this release."),
        Column("refused_count", "INTEGER", "Refused deliveries."),
        Column("validated_count", "BIGINT", "Validated registrations."),
        Column("business_count", "BIGINT", "Businesses."),
    ),
    ("version",),
    published=True,
)
_RUN_ID = Column("run_id", "INTEGER", "Number of the run, rising.")
RUNS = Table(
    "meta",
    "runs",
    "run",
    "Every run on this data root until this version was built, that run included. Times are UTC.",
    (
        _RUN_ID,
        Column("purpose", "VARCHAR", "nightly, backfill or another verb that writes."),
        Column("begun_at", "TIMESTAMP", "When it began, UTC."),
        Column("ended_at", "TIMESTAMP", "When it ended, UTC; NULL while it runs, and of a run that was interrupted."),
        Column("outcome", "VARCHAR", "done, failed, interrupted (killed, or the machine stopped) or running."),
        Column("reason", "VARCHAR", "Why it failed."),
        columns.VERSION.described("Version that it published; NULL when none, or when that is this one."),
        Column("code_version", "VARCHAR", "Version of capaian."),
        Column("rules_fingerprint", "VARCHAR", "SHA-256 of the rule book."),
        Column("transforms_fingerprint", "VARCHAR", "SHA-256 of the code that makes rows."),
        Column("flow_run_id", "VARCHAR", "The flow run in Prefect."),
    ),
    ("run_id",),
    published=True,
)
ATTEMPTS = Table(
    "meta",
    "attempts",
    "run and try at a delivery",
    "Every try at ingesting a delivery. The lease on a delivery lasts as long as its run holds the lock.",
    (
        _RUN_ID.described("The run."),
        registration.DELIVERY_ID,
        Column("attempt_number", "INTEGER", "1 is the first try at the delivery in any run."),
        Column("begun_at", "TIMESTAMP", "When it began, UTC."),
        Column("ended_at", "TIMESTAMP", "When it ended, UTC; NULL when it was interrupted."),
        Column("outcome", "VARCHAR", "validated, refused, unpacked, failed or interrupted."),
        Column("line_count", "BIGINT", "Physical lines; NULL when it did not come so far."),
    ),
    ("delivery_id", "attempt_number"),
    published=True,
)
CERTIFICATE = Table(
    "meta",
    "certificate",
    "statement of the release certificate",
    "What this version was made from and what holds for it; `capaian verify` recomputes it.",
    (
        Column("statement_number", "INTEGER", "Place in the certificate."),
        Column(
            "section",
            "VARCHAR",
            "inputs, deliveries, code, contract, reference, tables, audits, balance, band or figures.",
        ),
        Column("item", "VARCHAR", "What the statement is about."),
        Column("value", "VARCHAR", "What is stated of it."),
        Column("sha256", "VARCHAR", "The hash that says so; NULL where the value alone does."),
        Column("meaning", "VARCHAR", "What that means, or what the hash is taken over."),
    ),
    ("section", "item"),
    published=True,
)

QUALITY_TABLES = (
    DELIVERIES,
    ROW_BALANCE,
    FINDINGS,
    DRIFT,
    RULE_RESULTS,
    QUARANTINED_ROWS,
    QUARANTINE_HISTORY,
    WAITING_COUNTS,
    UNPARSABLE_LINES,
    CORRECTIONS,
    SUPPRESSION_LOG,
)
