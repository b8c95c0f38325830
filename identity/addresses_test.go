package identity_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/identity"
)

func TestAddressesAreHeldToTheirMinute(t *testing.T) {
	t.Parallel()
	clock := newHands()
	limit := identity.NewAddresses(6)
	take := func(address string) time.Duration { return limit.Take(netip.MustParseAddr(address), clock.now()) }
	for range 6 {
		require.Zero(t, take("192.0.2.7"))
	}
	wait := take("192.0.2.7")
	require.InDelta(t, 10*time.Second, wait, float64(time.Millisecond))
	require.Zero(t, take("192.0.2.8"), "another address is another client")
	require.Equal(t, wait, take("::ffff:192.0.2.7"), "the same address in another form")
	clock.move(wait - time.Millisecond)
	require.Positive(t, take("192.0.2.7"))
	clock.move(time.Millisecond)
	require.Zero(t, take("192.0.2.7"), "who waited as told is admitted")
	require.Positive(t, take("192.0.2.7"))
}

func TestAnIPv6NetworkIsOneClient(t *testing.T) {
	t.Parallel()
	clock := newHands()
	limit := identity.NewAddresses(2)
	take := func(address string) time.Duration { return limit.Take(netip.MustParseAddr(address), clock.now()) }
	require.Zero(t, take("2001:db8:0:1::1"))
	require.Zero(t, take("2001:db8:0:1:ffff::2"))
	require.Positive(t, take("2001:db8:0:1::3"))
	require.Positive(t, take("2001:db8:0:1::1%eth0"))
	require.Zero(t, take("2001:db8:0:2::1"))
	require.Zero(t, limit.Take(netip.Addr{}, clock.now()), "what comes from nowhere is counted too")
	require.Zero(t, limit.Take(netip.Addr{}, clock.now()))
	require.Positive(t, limit.Take(netip.Addr{}, clock.now()))
}

// TestAddressesAreBounded comes from more addresses than are kept.
func TestAddressesAreBounded(t *testing.T) {
	t.Parallel()
	clock := newHands()
	limit := identity.NewAddresses(1)
	busy := netip.MustParseAddr("192.0.2.7")
	require.Zero(t, limit.Take(busy, clock.now()))
	for i := range uint32(120_000) {
		var one [4]byte
		binary.BigEndian.PutUint32(one[:], 10<<24|i)
		require.Zero(t, limit.Take(netip.AddrFrom4(one), clock.now()))
		if i%10_000 == 0 {
			require.Positive(t, limit.Take(busy, clock.now()), "one that goes on is not forgotten")
		}
		require.LessOrEqual(t, limit.Len(), 50_000)
	}
	require.Equal(t, 50_000, limit.Len())
}
