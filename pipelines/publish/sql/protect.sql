DELETE FROM delta WHERE rid IS NULL AND pid IN (
    SELECT a.pid FROM (SELECT rowid AS pid, {{.PublishedKey}} FROM {{.Published}}) a
    SEMI JOIN (SELECT * FROM {{.Verdicts}} WHERE _fail > 0) b ON {{.KeyMatch}})
