SELECT c.column_name, c.data_type, c.data_precision, c.data_scale, c.nullable,
       NVL((SELECT MAX(cc.position)
            FROM all_constraints k
            JOIN all_cons_columns cc ON cc.owner = k.owner AND cc.constraint_name = k.constraint_name
            WHERE k.owner = c.owner AND k.table_name = c.table_name
              AND k.constraint_type = 'P' AND cc.column_name = c.column_name), 0)
FROM all_tab_columns c
WHERE c.owner = NVL(:1, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')) AND c.table_name = :2
ORDER BY c.column_id
