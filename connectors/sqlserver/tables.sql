SELECT s.name + '.' + o.name
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
ORDER BY s.name + '.' + o.name COLLATE Latin1_General_BIN2
