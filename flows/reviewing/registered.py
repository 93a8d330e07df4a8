"""The published registrations under the register and number by which a person names them."""

from __future__ import annotations

import duckdb

from warehouse.profiles import load_profiles


class ReviewError(ValueError):
    """Pairs cannot be asked or answers cannot be taken; names the place and the cure."""


def hold_registers(con: duckdb.DuckDBPyConnection) -> None:
    """Make `named`, the published memberships with the register of each."""
    con.execute("CREATE TEMP TABLE registers (profile VARCHAR, source_register VARCHAR)")
    for profile in load_profiles():
        con.execute("INSERT INTO registers VALUES (?, ?)", [profile.name, profile.register])
    con.execute(
        "CREATE TEMP VIEW named AS SELECT row_id, business_id, registration_number, source_register"
        " FROM register.memberships JOIN quality.deliveries USING (delivery_id) LEFT JOIN registers USING (profile)"
    )
