package demo

import (
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/yitong-hub/yitong/internal/fault"
)

// stateFile remembers how far a campus has moved on.
const stateFile = "demo.json"

// evolution is what stateFile holds.
type evolution struct {
	Seed uint64 `json:"seed"`
	Day  int    `json:"day"`
}

// step is a change of one system on one day.
type step struct {
	system string
	// on is the day of a single change, 0 for one of every day.
	on int
	do func(ctx context.Context, dir string, random *rand.Rand, day int) error
}

// steps are what happens on the campus: every day rows come, change and go;
// on some days a system changes its layout.
var steps = []step{
	{system: "card", do: tradeOn},
	{system: "hr", do: moveStaff},
	{system: "procurement", do: requestOn},
	{system: "selection", do: selectOn},
	{system: "attendance", do: attendOn},
	{system: "hr", on: 1, do: inDatabase("hr", "ALTER TABLE T_JZG_JBXX ADD COLUMN YX VARCHAR(60)", "UPDATE T_JZG_JBXX SET YX = 't' || GH || '@demo.edu.cn'")},
	{system: "card", on: 2, do: inDatabase("card", "ALTER TABLE card_account RENAME COLUMN phone TO mobile_no")},
	{system: "dormitory", on: 3, do: inDatabase(
		"dormitory",
		"CREATE TABLE wider (lh TEXT, fjh TEXT, cwh INTEGER, xh TEXT, rzrq TEXT, zsf DECIMAL(18,4), PRIMARY KEY (lh, fjh, cwh))",
		"INSERT INTO wider SELECT * FROM ss_cw", "DROP TABLE ss_cw", "ALTER TABLE wider RENAME TO ss_cw",
	)},
}

// Evolve moves a campus on by so many days: rows are inserted, updated and
// deleted; on its first day personnel gets a new column, on the second the card
// system renames one, on the third the dormitories widen a type. It gives the
// day that is reached. The same campus moves on in the same way.
func Evolve(ctx context.Context, dir string, days int) (int, error) {
	state, err := readState(dir)
	if err != nil {
		return 0, err
	}
	if days < 1 {
		return state.Day, fault.New(fault.Invalid, "a campus moves on by 1 day or more, not by %d", days)
	}
	for range days {
		state.Day++
		for i, s := range steps {
			if s.on != 0 && s.on != state.Day || !present(dir, s.system) {
				continue
			}
			random := rand.New(rand.NewPCG(state.Seed+uint64(state.Day), uint64(i)))
			if err := s.do(ctx, filepath.Join(dir, "data"), random, state.Day); err != nil {
				return state.Day, fmt.Errorf("day %d of %s: %w", state.Day, s.system, err)
			}
		}
		if err := state.write(dir); err != nil {
			return state.Day, err
		}
	}
	return state.Day, nil
}

func present(dir, system string) bool {
	_, err := os.Stat(filepath.Join(dir, "systems", system+".yaml"))
	return err == nil
}

func readState(dir string) (evolution, error) {
	var state evolution
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return state, fault.Wrap(err, fault.NotFound, "%s is not a demo campus: yitong demo build makes one", dir)
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return state, fault.Wrap(err, fault.Invalid, "%s in %s cannot be read", stateFile, dir)
	}
	return state, nil
}

// Is reports whether a folder holds a campus that Build made.
func Is(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, stateFile))
	return err == nil
}

func (e evolution) write(dir string) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, stateFile), append(text, '\n'), 0o600)
}

// change runs statements on a system's database in one transaction.
func change(ctx context.Context, dir, system string, work func(*sql.Tx) error) error {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, system+".db")+"?_busy_timeout=5000")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if err := work(tx); err != nil {
		return errors.Join(err, tx.Rollback(), db.Close())
	}
	return errors.Join(tx.Commit(), db.Close())
}

func inDatabase(system string, statements ...string) func(context.Context, string, *rand.Rand, int) error {
	return func(ctx context.Context, dir string, _ *rand.Rand, _ int) error {
		return change(ctx, dir, system, func(tx *sql.Tx) error {
			for _, statement := range statements {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// tradeOn adds a day's purchases: a fiftieth of what is there.
func tradeOn(ctx context.Context, dir string, random *rand.Rand, day int) error {
	return change(ctx, dir, "card", func(tx *sql.Tx) error {
		var last int
		if err := tx.QueryRowContext(ctx, "SELECT max(trade_id) FROM card_trade").Scan(&last); err != nil {
			return err
		}
		for i := range last/50 + 1 {
			_, err := tx.ExecContext(ctx, "INSERT INTO card_trade SELECT ?, card_no, ?, merchant, ? FROM card_trade WHERE trade_id = ?",
				last+1+i, -cents(random, 2, 30), stamp(today.AddDate(0, 0, day)), 1+random.IntN(last))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// moveStaff changes phones, lets people leave, and takes one on.
func moveStaff(ctx context.Context, dir string, random *rand.Rand, day int) error {
	return change(ctx, dir, "hr", func(tx *sql.Tx) error {
		moment := today.AddDate(0, 0, day).Format("2006-01-02T15:04:05")
		if _, err := tx.ExecContext(ctx, "UPDATE T_JZG_JBXX SET SJH = ?, GXSJ = ? WHERE CAST(GH AS INTEGER) % 97 = ?", newMobile(random), moment, day%97); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM T_JZG_JBXX WHERE GH = (SELECT min(GH) FROM T_JZG_JBXX WHERE CAST(GH AS INTEGER) > 10005)"); err != nil {
			return err
		}
		p := newPerson(random, fmt.Sprint(90_000+day), 1980, 1998)
		_, err := tx.ExecContext(ctx, "INSERT INTO T_JZG_JBXX (GH, XM, XBM, CSRQ, SFZJH, MZM, ZZMMM, SJH, DWMC, ZC, LXRQ, GZ, GXSJ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
			p.number, p.name, "2", p.birth.Format("20060102"), p.idNumber, p.ethnic, p.politics, p.mobile, units[day%len(units)], "讲师", moment[:4]+moment[5:7]+moment[8:10], 8000.0, moment)
		return err
	})
}

// requestOn decides requests and files a new one; the system's time of change
// tells an incremental load.
func requestOn(ctx context.Context, dir string, random *rand.Rand, day int) error {
	return change(ctx, dir, "procurement", func(tx *sql.Tx) error {
		moment := stamp(today.AddDate(0, 0, day))
		if _, err := tx.ExecContext(ctx, "UPDATE cg_sq SET zt = '4', gxsj = ? WHERE zt = '2' AND substr(sqbh, -1) = ?", moment, fmt.Sprint(day%10)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM cg_sq WHERE sqbh = (SELECT min(sqbh) FROM cg_sq WHERE zt = '0')"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO cg_sq SELECT ?, mc, fs, ?, sqr, xmbh, '1', ? FROM cg_sq LIMIT 1", fmt.Sprintf("CG2027%06d", day), cents(random, 1_000, 90_000), moment)
		return err
	})
}

// selectOn rewrites the export of course selections: some are dropped, some added.
func selectOn(_ context.Context, dir string, random *rand.Rand, day int) error {
	path := filepath.Join(dir, "selection", "xuanke.tsv")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(text), "\n")
	return writeFile(path, func(w io.Writer) error {
		for i, line := range lines {
			if i > 0 && line != "" && oneIn(random, 200) {
				continue
			}
			if _, err := io.WriteString(w, line); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(w, "2022000001\tX%05d\t2026-1\t%s\tapp\r\n", day, stamp(today.AddDate(0, 0, day)))
		return err
	})
}

// attendOn exports one more day into the last month's file.
func attendOn(_ context.Context, dir string, random *rand.Rand, day int) error {
	path := filepath.Join(dir, "attendance", "kaoqin-2026-02.csv")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	encoded := simplifiedchinese.GB18030.NewEncoder().Writer(file)
	out := csv.NewWriter(encoded)
	out.UseCRLF = true
	when := today.AddDate(0, 0, day)
	for number := 10_001; number < 10_011; number++ {
		row := attendanceRow(person{number: fmt.Sprint(number), name: "职工"}, when, random)
		record := make([]string, len(row))
		for i, value := range row {
			record[i] = cellText(value)
		}
		if err := out.Write(record); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	out.Flush()
	return errors.Join(out.Error(), file.Close())
}
