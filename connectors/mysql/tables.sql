SELECT table_name AS name, coalesce(table_rows, -1) AS estimate, coalesce(table_comment, '') AS comment
FROM information_schema.tables
WHERE table_schema = database() AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
