package signal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/signal"
)

func TestEachEventWakesThoseWhoWaitedForIt(t *testing.T) {
	t.Parallel()
	var s signal.Signal
	s.Give() // nobody waits
	first, same := s.Next(), s.Next()
	require.Equal(t, first, same)
	select {
	case <-first:
		t.Fatal("nothing has happened")
	default:
	}
	s.Give()
	<-first
	second := s.Next()
	select {
	case <-second:
		t.Fatal("the event was another one's")
	default:
	}
	s.Give()
	<-second
}
