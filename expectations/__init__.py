"""Whether: every rule that judges a row or a table. Nothing here changes one."""
