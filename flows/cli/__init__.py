"""The command line: one verb, one job. Screens are drawn in `screens.py`."""
