package api

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/yitong-hub/yitong/api/admission"
	"github.com/yitong-hub/yitong/internal/config"
	"github.com/yitong-hub/yitong/internal/fault"
)

// class is a kind of requests with places of its own, so that the short ones do
// not wait behind the long ones.
type class struct {
	name   string
	limits config.Admission
	queue  *admission.Queue
	waited prometheus.Observer
	turned *prometheus.CounterVec
}

// classes are the kinds of requests.
type classes struct{ pages, copies *class }

func newClasses(limits config.Limits, registry *prometheus.Registry) classes {
	waited := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "yitong_http_queue_seconds", Help: "Time that requests waited for their turn.", Buckets: []float64{.001, .005, .025, .1, .5, 1, 2, 5, 10, 30},
	}, []string{"class"})
	turned := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yitong_http_turned_away_total", Help: "Requests that were not let in."}, []string{"class", "reason"})
	registry.MustRegister(waited, turned)
	make := func(name string, limits config.Admission, each int) *class {
		made := &class{name: name, limits: limits, waited: waited.WithLabelValues(name), turned: turned.MustCurryWith(prometheus.Labels{"class": name})}
		made.queue = admission.New(admission.Limits{Running: limits.Running, RunningEach: max(each, 1), Waiting: limits.Waiting, Wait: limits.Wait})
		gauge := func(metric, help string, count func() int) {
			registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: metric, Help: help, ConstLabels: prometheus.Labels{"class": name},
			}, func() float64 { return float64(count()) }))
		}
		gauge("yitong_http_queue_running", "Requests that have a place.", made.queue.Running)
		gauge("yitong_http_queue_waiting", "Requests that wait for a place.", made.queue.Waiting)
		return made
	}
	// One asker leaves some places to others, whatever it asks for.
	return classes{
		pages:  make("pages", limits.Pages, limits.Pages.Running*3/4),
		copies: make("copies", limits.Copies, limits.Copies.Running/2),
	}
}

// changesPath is where changes are followed.
const changesPath = "/v1/datasets/:dataset/changes"

// classOf tells what kind a request is; nil are those that tell how the server is,
// and feeds, which wait most of their time and are bounded for each caller.
func (s *Server) classOf(c *gin.Context) *class {
	if c.FullPath() == changesPath {
		return nil
	}
	if open[c.FullPath()] && c.FullPath() != tokenPath {
		return nil
	}
	if asked, err := negotiate(c.GetHeader("Accept")); err == nil && asked.copied {
		return s.classes.copies
	}
	return s.classes.pages
}

// errTime ends a request that takes longer than its kind may.
var errTime = errors.New("the answer took too long")

const leaveKey = "leave"

// admit gives a request its place and its time. It comes after the body was read:
// a client that sends slowly holds nothing.
func (s *Server) admit(c *gin.Context) {
	writer, _ := c.MustGet(patientKey).(*patient)
	writer.arrived()
	class := s.classOf(c)
	if class == nil {
		return
	}
	began := time.Now()
	leave, err := class.queue.Enter(c.Request.Context(), s.askerOf(c))
	class.waited.Observe(time.Since(began).Seconds())
	if err != nil {
		s.turnAway(c, class, err)
		return
	}
	timer := time.AfterFunc(class.limits.Time, func() { writer.cancel(errTime) })
	if class == s.classes.copies { // what is held whole is sent whole, if in time or not
		writer.endsAt(time.Now().Add(class.limits.Time))
	}
	c.Set(leaveKey, func() { timer.Stop(); leave() })
}

// release gives the place of a request back when it was answered.
func (s *Server) release(c *gin.Context) {
	defer func() {
		if leave, ok := c.Get(leaveKey); ok {
			leave.(func())()
		}
	}()
	c.Next()
}

// askerOf tells who takes turns with others.
func (s *Server) askerOf(c *gin.Context) string {
	if application := c.GetString(applicationKey); application != "" {
		return "application:" + application
	}
	if id := principalOf(c).ID(); id != "" {
		return "person:" + id
	}
	return "address:" + s.guessing.address(c).String()
}

// turnAway says that a request was not let in and when to come again.
func (s *Server) turnAway(c *gin.Context, class *class, err error) {
	reason, text := "gone", "the client went away"
	switch {
	case errors.Is(err, admission.ErrFull):
		reason, text = "full", "too many requests wait already: try again later"
	case errors.Is(err, admission.ErrWaited):
		reason, text = "waited", "no turn came in time: try again later"
	case errors.Is(err, admission.ErrClosed):
		reason, text = "closing", "the server is ending: try again, another one may answer"
	}
	class.turned.WithLabelValues(reason).Inc()
	if reason == "gone" {
		s.problem(c, fault.Wrap(err, fault.Canceled, "%s", text))
		return
	}
	c.Header("Retry-After", strconv.Itoa(max(1, int(math.Ceil(class.limits.Wait.Seconds())))))
	s.problem(c, fault.Wrap(err, fault.Unavailable, "%s", text))
}

// timely tells an error that only the end of the time brought about.
func timely(c *gin.Context, err error) error {
	if !errors.Is(context.Cause(c.Request.Context()), errTime) {
		return err
	}
	switch fault.CodeOf(err) {
	case fault.Canceled, fault.Unavailable, fault.Internal:
		return fault.Wrap(err, codeTimeout, "the answer took longer than it may: ask for less at once")
	default:
		return err
	}
}
