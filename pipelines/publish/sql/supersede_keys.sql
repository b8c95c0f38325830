UPDATE warehouse.quarantine.rows SET state = 'superseded'
WHERE dataset = ? AND state = 'open' AND id NOT IN (SELECT id FROM known) AND id IN (
    SELECT q.id FROM warehouse.quarantine.rows q JOIN {{.Landed}} l ON {{.RawKeyMatch}}
    WHERE q.dataset = ? AND q.state = 'open' AND l.rowid NOT IN (SELECT _rid FROM {{.Verdicts}} WHERE _fail < 0))
