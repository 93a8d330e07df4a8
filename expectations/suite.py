"""Great Expectations over DuckDB: file gates, row rules and measures as one suite that runs as one query.

Belongs here: all contact with Great Expectations. Imported by `judge.py` only when rows are judged: the import takes
seconds. Three things are ours because the stock parts fail on DuckDB: rows are buffered since Great Expectations closes
the connection before it fetches; one metric takes any aggregate, so that everything shares a scan; and a result counts
only if no exception hides in it.

Context, data source and suite are made once in a process. They always judge the view `judged` on the connection in the
one seat; who judges sits there, and the others wait.
"""

from __future__ import annotations

import html
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import duckdb
import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.expectation_configuration import parse_result_format
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

from expectations.gates import Gate, count_sql
from expectations.rules import Rule

logging.getLogger("great_expectations").setLevel(logging.CRITICAL + 1)
"""Its error texts quote the database's, and those may quote a row; `ExpectationError` says what failed."""


_SEVERITIES = {
    "refuse_file": FailureSeverity.CRITICAL,
    "quarantine_row": FailureSeverity.WARNING,
    "warn": FailureSeverity.INFO,
}
_ONE_AT_A_TIME = threading.Lock()
"""Great Expectations keeps the current project in a global; deliveries are ingested side by side."""
_MEASURES = "measures"


class ExpectationError(RuntimeError):
    """Great Expectations could not judge: nothing may be published on such a result."""


@dataclass(frozen=True)
class Count:
    """What one rule or gate came to: `part` of `whole` fail; a rule fails with one row, a gate beyond its limit."""

    whole: int
    part: int
    is_failed: bool


@dataclass(frozen=True)
class Observation:
    """Great Expectations' findings about one delivery: counts by rule or gate code, and the measures asked for."""

    counts: dict[str, Count]
    measures: dict[str, Any]
    is_refused: bool


def _aggregate(metric: str, key: str) -> None:
    """Register `metric`: the SQL aggregate that an expectation gives as `key`; all of them share one query."""

    class Aggregate(TableMetricProvider):
        metric_name = metric
        value_keys = (key,)

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
            return sa.literal_column(metric_value_kwargs[key]), metric_domain_kwargs, {}


_aggregate("table.part", "part_sql")
_aggregate("table.whole", "whole_sql")


class _OfAggregates(BatchExpectation):
    """An expectation about SQL aggregates: `aggregates` maps its metrics to the fields that state them.

    The stock way to these dependencies builds the expectation's description sixty times over; for a rule book that
    takes longer than its query.
    """

    aggregates: ClassVar[dict[str, str]]

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: Any = None
    ) -> ValidationDependencies:
        result_format = parse_result_format((runtime_configuration or {}).get("result_format", "BASIC"))
        domain = {"batch_id": self.batch_id}
        return ValidationDependencies(
            {
                metric: MetricConfiguration(metric, domain, {key: getattr(self, key)})
                for metric, key in self.aggregates.items()
            },
            result_format,
        )


class ExpectPartWithinLimit(_OfAggregates):
    """`part_sql` may not exceed `limit_ratio` of `whole_sql`; the observed value is two counts, never a row's value."""

    code: str
    part_sql: str
    whole_sql: str
    limit_ratio: float
    least_count: int
    aggregates: ClassVar[dict[str, str]] = {"table.part": "part_sql", "table.whole": "whole_sql"}
    success_keys: ClassVar[tuple[str, ...]] = ("code", "part_sql", "whole_sql", "limit_ratio", "least_count")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "table")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        part, whole = int(metrics["table.part"]), int(metrics["table.whole"])
        is_within = part <= self.limit_ratio * whole or whole < self.least_count
        return {
            "success": is_within,
            "result": {"element_count": whole, "unexpected_count": part, "observed_value": f"{part} of {whole}"},
        }


class ExpectMeasures(_OfAggregates):
    """Judges nothing: its observed value is the struct that `part_sql` yields, measured in the same scan."""

    code: str
    part_sql: str
    aggregates: ClassVar[dict[str, str]] = {"table.part": "part_sql"}
    success_keys: ClassVar[tuple[str, ...]] = ("code", "part_sql")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "table")

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return {"success": True, "result": {"observed_value": dict(metrics["table.part"])}}


class _BufferedCursor:
    """A DuckDB cursor whose rows survive `close()`."""

    def __init__(self, connection: _Seat, cursor: duckdb.DuckDBPyConnection) -> None:
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


class _Seat:
    """What SQLAlchemy sees as its connection: cursors on the connection of the run that judges at the moment."""

    notices: ClassVar[list[str]] = []  # the dialect is made after PostgreSQL's, which looks here after each statement
    con: duckdb.DuckDBPyConnection

    def cursor(self) -> _BufferedCursor:
        return _BufferedCursor(self, self.con)

    def begin(self) -> None:  # each statement reads only, and is a transaction of its own
        pass

    def commit(self) -> None:
        pass

    def rollback(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self.con, name)


_SEAT = _Seat()


def observe(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    rules: Sequence[Rule],
    gates: Sequence[Gate] = (),
    measures_sql: str = "{'row_count': count(*)}",
    variables: Mapping[str, int] | None = None,
) -> Observation:
    """Judge and measure `relation` (what may stand behind FROM on `con`) by Great Expectations, in one query.

    `variables` are the SQL variables that gates speak of. Raises `ExpectationError` when any expectation did not run;
    a rule or gate that fails is a result, not an error.
    """
    for name, value in (variables or {}).items():
        con.execute(f"SET VARIABLE {name} = {value:d}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW judged AS SELECT * FROM {relation}")
    suite = _suite(tuple(rules), tuple(gates), measures_sql)
    with _ONE_AT_A_TIME:
        _SEAT.con = con
        outcome = _batches().get_batch().validate(suite, result_format="BASIC")
    con.execute("DROP VIEW judged")
    counts: dict[str, Count] = {}
    measures: dict[str, Any] = {}
    for result in outcome.results:
        code = result.expectation_config.kwargs["code"] if result.expectation_config else "unknown"
        if _exception_in(result.exception_info) or "observed_value" not in result.result:
            raise ExpectationError(
                f"rule {code}: Great Expectations raised an error instead of judging; nothing was published"
            )
        if code == _MEASURES:
            measures = result.result["observed_value"]
        else:
            found = result.result
            counts[code] = Count(int(found["element_count"]), int(found["unexpected_count"]), not result.success)
    missing = {rule.code for rule in rules} | {gate.code for gate in gates}
    missing -= set(counts)
    if missing or not measures:
        raise ExpectationError(
            f"Great Expectations gave no result for {', '.join(sorted(missing)) or _MEASURES}; nothing was published"
        )
    return Observation(counts, measures, outcome.get_max_severity_failure() is FailureSeverity.CRITICAL)


@lru_cache(maxsize=1)
def _batches() -> BatchDefinition[Any]:
    # Its own defaults would make a folder for a documentation site with every context.
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    context = gx.get_context(mode="ephemeral", project_config=DataContextConfig(store_backend_defaults=stores))
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql(  # type: ignore[call-arg]
        "duckdb", connection_string="duckdb:///:memory:", kwargs={"creator": lambda: _SEAT}
    )
    return source.add_table_asset("judged", table_name="judged").add_batch_definition_whole_table("all")


@lru_cache(maxsize=1)
def _suite(rules: tuple[Rule, ...], gates: tuple[Gate, ...], measures_sql: str) -> gx.ExpectationSuite:
    of_gates = [
        ExpectPartWithinLimit(
            code=gate.code,
            part_sql=gate.part_sql,
            whole_sql=gate.whole_sql,
            limit_ratio=gate.limit_ratio,
            least_count=gate.least_count,
            severity=_SEVERITIES[gate.severity],
            description=html.escape(gate.sentence_en),
        )
        for gate in gates
    ]
    of_rules = [
        ExpectPartWithinLimit(
            code=rule.code,
            part_sql=count_sql(rule.fails_when),
            whole_sql="count(*)",
            limit_ratio=0,
            least_count=1,
            severity=_SEVERITIES[rule.severity],
            description=html.escape(rule.sentence_en),
        )
        for rule in rules
    ]
    measures = ExpectMeasures(code=_MEASURES, part_sql=measures_sql, severity=FailureSeverity.INFO)
    return gx.ExpectationSuite(name="rules", expectations=[*of_gates, *of_rules, measures])


def _exception_in(info: Any) -> bool:
    if not info:
        return False
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(_exception_in(part) for part in info.values() if isinstance(part, dict))
