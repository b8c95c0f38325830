CREATE OR REPLACE TEMP TABLE delta AS
SELECT a._rid AS rid, b.pid AS pid,
       CASE WHEN a._rid IS NULL OR a._gone THEN 'd' WHEN b.pid IS NULL THEN 'i' ELSE 'u' END AS kind
FROM (SELECT * FROM {{.Verdicts}} WHERE _fail IS NULL) a
{{if .Full}}FULL{{else}}LEFT{{end}} JOIN (SELECT rowid AS pid, _hash, {{.PublishedKey}} FROM {{.Published}}) b ON {{.KeyMatch}}
WHERE {{if .FindMissing}}a._rid IS NULL OR {{end -}}
   (b.pid IS NULL AND a._rid IS NOT NULL AND NOT a._gone)
   OR (b.pid IS NOT NULL AND a._rid IS NOT NULL AND (a._gone OR a._hash <> b._hash))
