SELECT c.column_name AS name, lower(c.data_type) AS kind, c.column_type AS declared,
       coalesce(c.numeric_precision, 0) AS digits, coalesce(c.numeric_scale, 0) AS scale,
       coalesce(lower(c.character_set_name), '') AS charset, c.is_nullable = 'YES' AS nullable,
       coalesce(k.seq_in_index, 0) AS place, c.column_comment AS comment
FROM information_schema.columns c
LEFT JOIN information_schema.statistics k
  ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name AND k.index_name = 'PRIMARY'
WHERE c.table_schema = database() AND c.table_name = ?
ORDER BY c.ordinal_position
