package api

import (
	"io"
	"mime"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/contributions"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/pipelines"
)

const (
	// contributePath and contributeOperation are the contract's.
	contributePath      = "/v1/datasets/:dataset/rows"
	contributeOperation = "contributeRows"
	// maxContribution bounds the body of a contribution: 10,000 rows of 1.6 kB.
	maxContribution = 16 << 20
)

// ContributeRows takes rows that an application writes.
func (s *Server) ContributeRows(c *gin.Context, dataset contract.DatasetId, params contract.ContributeRowsParams) {
	media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil {
		media = "" // refused by who reads, with the names of those that are read
	}
	content, err := io.ReadAll(c.Request.Body)
	if err != nil {
		s.fail(c, fault.Wrap(err, fault.Invalid, "the body could not be read to its end"))
		return
	}
	report, err := s.Contributions.Contribute(c, principalOf(c), contributions.Request{
		Dataset: dataset, Mode: pipelines.ContributionMode(params.Mode), Purpose: value(params.Purpose),
		Abort: value(params.OnError) == contract.Abort, DryRun: value(params.DryRun), Key: params.IdempotencyKey, Media: media, Content: content,
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	if report.Replayed {
		c.Header("Idempotency-Replayed", "true")
	}
	c.Set(rowsKey, report.Rows)
	c.JSON(http.StatusOK, report)
}
