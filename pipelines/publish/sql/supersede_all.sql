UPDATE warehouse.quarantine.rows SET state = 'superseded'
WHERE dataset = ? AND state = 'open' AND id NOT IN (SELECT id FROM known)
