"""Backfills: deliveries done again, on purpose and under control. A room of flows."""
