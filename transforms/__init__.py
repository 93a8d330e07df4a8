"""How: every rule that changes a value or makes a row. Nothing here judges, reads a clock or logs."""
