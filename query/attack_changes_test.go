package query_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/acltest"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/schema"
)

// staffOf is a dataset whose rows the test writes out, published once.
func staffOf(t *testing.T, dataset string, policies ...acl.Policy) *stream {
	t.Helper()
	s := streaming(t, openWarehouse(t), acl.NewResource(acl.Resource{
		Dataset: dataset, Department: "hr", Person: "person_id",
		Fields: fieldsOf(map[string]schema.Type{"pay": schema.Of(schema.Int64)}, "person_id", "name", "mobile", "college", "pay"),
	}), true)
	s.enact(t, policies...)
	for i, line := range []string{"1|张三|13812345678|math|10", "2|李四|13812345679|law|30", "3|王五|13812345670|math|50"} {
		s.line(fmt.Sprintf("r%d", i+1), line)
	}
	s.publish(t)
	return s
}

// line puts a row that is written out.
func (s *stream) line(id, line string) { s.put(id, rowOf(s.drawn, line)) }

// holding lets somebody hold fields of some rows.
func holding(id, rows string, fields ...string) acl.Policy {
	return acl.Policy{
		ID: id, Effect: acl.Allow, Subject: acl.Subject{Anyone: true}, Rights: []acl.Right{acl.Hold}, Resource: acl.Selector{Fields: fields}, Rows: rows,
	}
}

func (s *stream) ask(dataset string) query.ChangesRequest {
	return query.ChangesRequest{Dataset: dataset, From: query.FromBeginning, Limit: 100}
}

func from(t *testing.T, s *stream, who acl.Profile, request query.ChangesRequest) *query.Changes {
	t.Helper()
	batch, err := s.gateway.Changes(t.Context(), acl.NewPrincipal(who), request)
	require.NoError(t, err)
	return batch
}

var (
	alice = acl.Profile{ID: "alice", Kind: acl.KindApplication}
	bob   = acl.Profile{ID: "bob", Kind: acl.KindApplication}
)

// TestOffsetsAreOfOneFeed tries the offset of a feed for every other one.
func TestOffsetsAreOfOneFeed(t *testing.T) {
	t.Parallel()
	s := staffOf(t, "hr.staff", holding("all", "", "row_id", "name", "college"))
	mine := s.ask("hr.staff")
	batch := from(t, s, alice, mine)
	require.Len(t, batch.Events, 3)
	mine.After = batch.Next
	require.Empty(t, from(t, s, alice, mine).Events)
	for name, change := range map[string]func(*query.ChangesRequest){
		"fields": func(r *query.ChangesRequest) { r.Fields = []string{"name"} }, "where": func(r *query.ChangesRequest) { r.Where = "college = 'law'" },
		"purpose": func(r *query.ChangesRequest) { r.Purpose = "study" }, "torn": func(r *query.ChangesRequest) { r.After = r.After[:len(r.After)-2] },
		"nothing": func(r *query.ChangesRequest) { r.After = "A" }, "turned": func(r *query.ChangesRequest) { r.After = "B" + r.After[1:] },
	} {
		other := mine
		change(&other)
		_, err := s.gateway.Changes(t.Context(), acl.NewPrincipal(alice), other)
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
		require.NotContains(t, fault.Public(err), "r1")
	}
	_, err := s.gateway.Changes(t.Context(), acl.NewPrincipal(bob), mine)
	require.True(t, fault.Is(err, fault.Invalid), "somebody else: %v", err)
	acting := acl.NewPrincipal(alice).ActedBy(acl.NewPrincipal(bob), acl.Delegation{
		From: "alice", To: "bob", Rights: []acl.Right{acl.Hold}, Resource: acl.Selector{Datasets: []string{"*"}}, Valid: acl.Period{From: acltest.Base.Add(-time.Hour), Until: acltest.Base.Add(time.Hour)},
	})
	_, err = s.gateway.Changes(t.Context(), acting, mine)
	require.True(t, fault.Is(err, fault.Invalid), "somebody who acts: %v", err)
	// A page's cursor is sealed with another key.
	_, err = s.gateway.Read(t.Context(), acl.NewPrincipal(alice), query.Request{Dataset: "hr.staff", Right: acl.Hold, Page: true, Cursor: batch.Next})
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
}

// TestHiddenChangesAreNone changes what is hidden, masked alike or out of sight.
func TestHiddenChangesAreNone(t *testing.T) {
	t.Parallel()
	phone := acl.Mask{Kind: acl.MaskPhone}
	masked := holding("phones", "pay < 40", "mobile")
	masked.Mask = &phone
	s := staffOf(t, "hr.staff", holding("names", "pay < 40", "name"), masked)
	request := s.ask("hr.staff")
	batch := from(t, s, alice, request)
	require.Len(t, batch.Events, 2)
	require.Equal(t, query.KeyHashed, batch.Key)
	request.After, request.Again = batch.Next, true
	keys := map[string]string{}
	for _, event := range batch.Events {
		keys[*event.Row[0]] = event.Key
	}
	records := len(s.records)
	quiet := func(what string) {
		s.publish(t)
		batch := from(t, s, alice, request)
		require.Empty(t, batch.Events, what)
		request.After = batch.Next
	}
	s.line("r1", "1|张三|13812345678|law|11") // college and pay are hidden
	quiet("hidden fields")
	s.line("r1", "1|张三|13899995678|law|11") // 138****5678 as before
	quiet("equal under the mask")
	s.line("r3", "3|王六|13812345670|law|60") // pays 50 and more are out of sight
	quiet("out of sight")
	s.line("r9", "9|赵九|13812345671|law|90")
	quiet("an insert out of sight")
	delete(s.held, "r9")
	quiet("a delete out of sight")
	require.Len(t, s.records, records, "what gives nothing again and again is on record once")

	s.line("r2", "2|李四|13812345679|law|70")
	s.line("r3", "3|王五|13812345670|math|20")
	s.publish(t)
	batch = from(t, s, alice, request)
	require.Len(t, batch.Events, 2)
	kinds := map[string]string{}
	for _, event := range batch.Events {
		kinds[event.Key] = event.Type
		if event.Type == query.Delete {
			require.Nil(t, event.Row)
		}
	}
	require.Equal(t, query.Delete, kinds[keys["李四"]], "what goes out of sight is a delete, of the same key")
	record := s.records[len(s.records)-1]
	require.EqualValues(t, 2, record.Rows)
	require.ElementsMatch(t, []string{"2", "3"}, record.Persons, "whom events are about is on record, of deletes too")
	require.Equal(t, "hold", record.Action)

	// Two subscribers cannot join their rows by the keys.
	for _, event := range from(t, s, bob, s.ask("hr.staff")).Events {
		for _, key := range keys {
			require.NotEqual(t, key, event.Key)
		}
	}
	for _, where := range []string{"pay > 1", "college = 'law'", "row_id = 'r1'", "person_id = '1'"} {
		probing := s.ask("hr.staff")
		probing.Where = where
		_, err := s.gateway.Changes(t.Context(), acl.NewPrincipal(alice), probing)
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", where, err)
	}
	for _, where := range []string{"mobile = '13812345678'", "mobile contains '1234'"} {
		probing := s.ask("hr.staff")
		probing.Where = where
		require.Empty(t, from(t, s, alice, probing).Events, "a filter sees what is shown: %s", where)
	}
}

// TestStatisticsDoNotFlow asks for feeds of what may be counted only, or viewed.
func TestStatisticsDoNotFlow(t *testing.T) {
	t.Parallel()
	s := staffOf(t, "hr.staff", counted(holding("pays", "", "pay"), 2), allow("", "mobile"), holding("names", "", "name"))
	batch := from(t, s, alice, s.ask("hr.staff"))
	require.Len(t, batch.Fields, 1)
	require.Equal(t, "name", batch.Fields[0].Name)
	for _, field := range []string{"pay", "mobile"} {
		request := s.ask("hr.staff")
		request.Fields = []string{field}
		_, err := s.gateway.Changes(t.Context(), acl.NewPrincipal(alice), request)
		require.True(t, fault.Is(err, fault.Denied), "%s: %v", field, err)
	}
	s.enact(t, counted(holding("pays", "", "pay"), 2))
	_, err := s.gateway.Changes(t.Context(), acl.NewPrincipal(alice), s.ask("hr.staff"))
	require.True(t, fault.Is(err, fault.Denied), "%v", err)
	require.Equal(t, "denied", s.records[len(s.records)-1].Outcome)
}

// TestOffsetsOfWhatIsNotKept goes on at versions that are not there any more.
func TestOffsetsOfWhatIsNotKept(t *testing.T) {
	t.Parallel()
	s := staffOf(t, "hr.staff", holding("names", "", "name"))
	request := s.ask("hr.staff")
	request.After = from(t, s, alice, request).Next
	s.line("r1", "1|张一|13812345678|math|10")
	s.publish(t)
	require.Len(t, from(t, s, alice, request).Events, 1)
	require.NoError(t, s.warehouse.Exec(t.Context(), "DELETE FROM warehouse.meta.loads WHERE version = 1"))
	_, err := s.gateway.Changes(t.Context(), acl.NewPrincipal(alice), request)
	require.True(t, fault.Is(err, fault.Gone), "%v", err)
	require.Contains(t, fault.Public(err), "from=beginning")
	// The same number of another warehouse is another version.
	require.NoError(t, s.warehouse.Exec(t.Context(), `UPDATE warehouse.meta.loads SET version = 1, "at" = "at" - INTERVAL 1 DAY`))
	_, err = s.gateway.Changes(t.Context(), acl.NewPrincipal(alice), request)
	require.True(t, fault.Is(err, fault.Gone), "%v", err)
}

// TestAFeedEndsInTheMiddleOfABatch takes the right away, the key away, and lets
// the hours end, behind the first event of a batch.
func TestAFeedEndsInTheMiddleOfABatch(t *testing.T) {
	t.Parallel()
	errKey := errors.New("the key was revoked")
	for name, end := range map[string]func(*stream, *error){
		"policy": func(s *stream, _ *error) { s.enact(t) },
		"hours":  func(s *stream, _ *error) { s.now = s.now.Add(24 * time.Hour) },
		// A policy that has nothing to do with it makes the subscriber be asked for.
		"key": func(s *stream, key *error) { *key = errKey; s.enact(t, s.set.Policies()...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			grant := holding("names", "", "name")
			grant.Valid = acl.Period{Until: acltest.Base.Add(time.Hour)}
			s := staffOf(t, "hr.staff", grant)
			var key error
			given := 0
			err := s.gateway.Follow(t.Context(), query.Following{
				Request: s.ask("hr.staff"),
				Who:     func(context.Context) (acl.Principal, error) { return acl.NewPrincipal(alice), key },
				Deliver: func(_ context.Context, next query.Changes) error {
					if given += len(next.Events); given == 1 {
						end(s, &key)
					}
					return nil
				},
			})
			require.Equal(t, 1, given, "nothing is given behind the end")
			if name == "key" {
				require.ErrorIs(t, err, errKey)
				return
			}
			require.True(t, fault.Is(err, fault.Denied), "%v", err)
		})
	}
}

// TestConsentIsFollowed withdraws a consent: the row goes, and nothing else.
func TestConsentIsFollowed(t *testing.T) {
	t.Parallel()
	offer := holding("offer", "", "row_id", "name")
	offer.Purposes = []string{"offer"}
	s := staffOf(t, "hr.staff", offer)
	s.consent([]string{"1", "2"})
	request := s.ask("hr.staff")
	request.Purpose = "offer"
	batch := from(t, s, alice, request)
	require.Len(t, batch.Events, 2)
	request.After = batch.Next
	all := func() (made []query.Change) {
		for more := true; more; {
			batch := from(t, s, alice, request)
			made, request.After, more = append(made, batch.Events...), batch.Next, batch.More
		}
		return made
	}
	s.consent([]string{"2", "3"})
	at := request.After
	first := all()
	require.Len(t, first, 2)
	require.Equal(t, []string{query.Delete, "r1", query.Insert, "r3"}, []string{first[0].Type, first[0].Key, first[1].Type, first[1].Key})
	require.Empty(t, all())

	// Where it cannot be told who had consented, everything is sent anew.
	s.forgets = true
	s.consent([]string{"2"})
	again := all()
	require.Equal(t, query.Reset, again[0].Type)
	require.Equal(t, query.ConsentChanged, again[0].Why)
	require.Len(t, again, 2)
	request.After = at
	require.Equal(t, query.Reset, all()[0].Type)
}

// TestDatasetsWithoutAKeyAreBags counts equal rows.
func TestDatasetsWithoutAKeyAreBags(t *testing.T) {
	t.Parallel()
	s := streaming(t, openWarehouse(t), acl.NewResource(acl.Resource{Dataset: "card.trade", Fields: fieldsOf(nil, "name", "mobile")}), false)
	s.enact(t, holding("names", "", "name"))
	s.line("r1", "张三|1")
	s.line("r2", "张三|2")
	s.publish(t)
	request := s.ask("card.trade")
	batch := from(t, s, alice, request)
	require.Len(t, batch.Events, 2)
	require.Equal(t, query.KeyOfContent, batch.Key)
	require.Equal(t, batch.Events[0].Key, batch.Events[1].Key)
	require.NotEqual(t, batch.Events[0].Offset, batch.Events[1].Offset)
	request.After = batch.Next
	s.line("r2", "张三|3")
	s.publish(t)
	batch = from(t, s, alice, request)
	require.Empty(t, batch.Events, "only what is hidden changed")
	request.After = batch.Next
	delete(s.held, "r1")
	s.publish(t)
	batch = from(t, s, alice, request)
	require.Len(t, batch.Events, 1)
	require.Equal(t, query.Delete, batch.Events[0].Type)
}
