CREATE OR REPLACE TEMP TABLE known AS
SELECT q.id, r.number
FROM (SELECT *, row_number() OVER (PARTITION BY code, field, raw ORDER BY row, id) AS nth
      FROM warehouse.quarantine.rows WHERE dataset = ? AND state = 'open') q
JOIN refused r ON q.code = r.code AND q.field = r.field AND q.raw = r.raw AND q.nth = r.nth
