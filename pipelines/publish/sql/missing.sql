INSERT INTO delta
SELECT NULL, a.pid, 'd'
FROM (SELECT rowid AS pid, {{.PublishedKey}} FROM {{.Published}}) a
ANTI JOIN (SELECT {{.LiveKey}} FROM {{.LiveKeys}} l) b ON {{.KeyMatch}}
WHERE a.pid NOT IN (SELECT pid FROM delta WHERE pid IS NOT NULL)
