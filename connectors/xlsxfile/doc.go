// Package xlsxfile reads Excel workbooks: connector "xlsx".
//
// Rows are streamed; large sheets are unpacked into temporary files. Values are
// those that are stored, not those that are shown: a number keeps all its
// digits, a date becomes 2006-01-02 whatever its style. What Excel has lost is
// rejected: whole numbers beyond 15 digits, such as ID numbers typed as
// numbers, and cells with an error. The package imports connectors,
// connectors/text and schema. Start at [Driver].
package xlsxfile
