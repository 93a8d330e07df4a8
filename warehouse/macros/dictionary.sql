-- One row: column whose name, table or description holds the word; all columns for an empty word.
CREATE MACRO meta.dictionary(word) AS TABLE
SELECT
    columns.schema_name || '.' || columns.table_name AS table_name, columns.column_name, columns.data_type, columns.comment AS meaning
FROM duckdb_columns() AS columns
WHERE NOT columns.internal AND columns.database_name = current_database()
    AND contains(lower(concat_ws(' ', columns.schema_name || '.' || columns.table_name, columns.column_name, columns.comment)), lower(CAST(word AS VARCHAR)))
ORDER BY columns.schema_name, columns.table_name, columns.column_index;
COMMENT ON MACRO TABLE meta.dictionary IS 'dictionary(word): which columns speak of the word, with their meaning; dictionary('''') lists all.';
