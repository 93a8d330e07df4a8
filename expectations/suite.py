"""Great Expectations over DuckDB: the rule book as one suite that runs as one query.

Belongs here: all contact with Great Expectations. Imported by `judge.py` only when rows are judged: the import takes
seconds. Three things are ours because the stock parts fail on DuckDB: rows are buffered since Great Expectations closes
the connection before it fetches; one metric counts any predicate, so that all rules share a scan; and a result counts
only if no exception hides in it.
"""

from __future__ import annotations

import html
import logging
import os
import threading
from collections.abc import Sequence
from typing import Any, ClassVar

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import duckdb
import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from expectations.rules import Rule

logging.getLogger("great_expectations").setLevel(logging.ERROR)


_SEVERITIES = {"quarantine_row": FailureSeverity.CRITICAL, "warn": FailureSeverity.WARNING}
_ONE_AT_A_TIME = threading.Lock()
"""Great Expectations keeps the current project in a global; deliveries are ingested side by side."""


class ExpectationError(RuntimeError):
    """Great Expectations could not judge: nothing may be published on such a result."""


class RuleViolations(TableMetricProvider):
    """Counts the rows for which a predicate is true; all rules are bundled into one query."""

    metric_name = "table.rule_violations"
    value_keys = ("fails_when",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: Any,
        metric_value_kwargs: Any,
        metrics: Any,
        runtime_configuration: Any,
    ) -> Any:
        predicate = metric_value_kwargs["fails_when"]
        return sa.literal_column(f"count(CASE WHEN ({predicate}) THEN 1 END)"), metric_domain_kwargs, {}


class ExpectRowsToSatisfyRule(BatchExpectation):
    """No row may satisfy `fails_when`; the observed value is the count of rows that do, never a value of theirs."""

    code: str
    fails_when: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.row_count", "table.rule_violations")
    success_keys: ClassVar[tuple[str, ...]] = ("fails_when", "code")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "table")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        count, failing = metrics["table.row_count"], metrics["table.rule_violations"]
        return {
            "success": failing == 0,
            "result": {"element_count": count, "unexpected_count": failing, "observed_value": f"{failing} of {count}"},
        }


class _BufferedCursor:
    """A DuckDB cursor whose rows survive `close()`."""

    def __init__(self, connection: _BufferedConnection, cursor: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._cursor = cursor
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1

    def execute(self, operation: str, parameters: Any = None) -> _BufferedCursor:
        self._cursor.execute(operation, parameters) if parameters else self._cursor.execute(operation)
        self.description = self._cursor.description
        self._rows = list(self._cursor.fetchall()) if self.description else []
        return self

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[Any]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    def close(self) -> None:
        pass


class _BufferedConnection:
    """What SQLAlchemy sees of the run's own connection: cursors on the same in-memory database."""

    notices: ClassVar[list[str]] = []  # the dialect is made after PostgreSQL's, which looks here after each statement

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def cursor(self) -> _BufferedCursor:
        return _BufferedCursor(self, self._con)

    def commit(self) -> None:
        pass

    def rollback(self) -> None:
        pass

    def close(self) -> None:
        self._con.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def count_failures(con: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule]) -> dict[str, tuple[int, int]]:
    """Judge `table` (a view or table on `con`): rule code to (rows judged, rows failing), by Great Expectations.

    Raises `ExpectationError` when any expectation did not run; a rule that fails is a result, not an error.
    """
    with _ONE_AT_A_TIME:
        # Its own defaults would make a folder for a documentation site with every context.
        stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
        context = gx.get_context(mode="ephemeral", project_config=DataContextConfig(store_backend_defaults=stores))
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_sql(  # type: ignore[call-arg]
            "duckdb",
            connection_string="duckdb:///:memory:",
            kwargs={"creator": lambda: _BufferedConnection(con.cursor())},
        )
        batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("all").get_batch()
        outcome = batch.validate(_suite(tuple(rules)), result_format="BASIC")
    counts: dict[str, tuple[int, int]] = {}
    for result in outcome.results:
        code = result.expectation_config.kwargs["code"] if result.expectation_config else "unknown"
        if _exception_in(result.exception_info) or "unexpected_count" not in result.result:
            raise ExpectationError(
                f"rule {code}: Great Expectations raised an error instead of judging; nothing was published"
            )
        counts[code] = (int(result.result["element_count"]), int(result.result["unexpected_count"]))
    missing = {rule.code for rule in rules} - set(counts)
    if missing:
        raise ExpectationError(
            f"Great Expectations gave no result for {', '.join(sorted(missing))}; nothing was published"
        )
    return counts


def _suite(rules: tuple[Rule, ...]) -> gx.ExpectationSuite:
    return gx.ExpectationSuite(
        name="rules",
        expectations=[
            ExpectRowsToSatisfyRule(
                code=rule.code,
                fails_when=rule.fails_when,
                severity=_SEVERITIES[rule.severity],
                description=html.escape(rule.sentence_en),
            )
            for rule in rules
        ],
    )


def _exception_in(info: Any) -> bool:
    if not info:
        return False
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(_exception_in(part) for part in info.values() if isinstance(part, dict))
