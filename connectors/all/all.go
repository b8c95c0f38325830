package all

import (
	"github.com/yitong-hub/yitong/connectors"
	"github.com/yitong-hub/yitong/connectors/contributed"
	"github.com/yitong-hub/yitong/connectors/csvfile"
	"github.com/yitong-hub/yitong/connectors/httpjson"
	"github.com/yitong-hub/yitong/connectors/kafka"
	"github.com/yitong-hub/yitong/connectors/ldapdir"
	"github.com/yitong-hub/yitong/connectors/mysql"
	"github.com/yitong-hub/yitong/connectors/oracle"
	"github.com/yitong-hub/yitong/connectors/postgres"
	"github.com/yitong-hub/yitong/connectors/slurm"
	"github.com/yitong-hub/yitong/connectors/sqlite"
	"github.com/yitong-hub/yitong/connectors/sqlserver"
	"github.com/yitong-hub/yitong/connectors/xlsxfile"
)

// Drivers lists every connector that this build has, in order of name.
func Drivers() []connectors.Driver {
	return []connectors.Driver{
		contributed.Driver(), csvfile.Driver(), httpjson.Driver(), kafka.Driver(), ldapdir.Driver(), mysql.Driver(), oracle.Driver(), postgres.Driver(), slurm.Driver(), sqlite.Driver(), sqlserver.Driver(), xlsxfile.Driver(),
	}
}
