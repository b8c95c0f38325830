INSERT INTO warehouse.quarantine.rows (id, dataset, run, row, code, field, reason, raw, state, "at")
SELECT ? || '-' || number, ?, ?, row, code, field, reason, raw, 'open', ?
FROM refused WHERE number NOT IN (SELECT number FROM known)
