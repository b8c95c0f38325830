package kafka_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/feed"
	"github.com/yitong-hub/yitong/feed/kafka"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/testserver"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	none, err := kafka.Load(t.TempDir())
	require.NoError(t, err)
	require.Empty(t, none.Brokers)
	secret := func(string) (string, error) { return "s", nil }
	for name, test := range map[string]struct{ text, wrong string }{
		"plain":         {"brokers: [a:1]\ntopic_prefix: yitong.", ""},
		"scram":         {"brokers: [a:1]\ntopic_prefix: yitong.\ntls: true\nsasl: scram-sha-512\nuser: u\npassword: {secret: S}", ""},
		"no brokers":    {"topic_prefix: yitong.", "brokers is missing"},
		"no prefix":     {"brokers: [a:1]", "topic_prefix is missing"},
		"unknown":       {"brokers: [a:1]\ntopic_prefix: yitong.\nx: 1", "not known"},
		"ca alone":      {"brokers: [a:1]\ntopic_prefix: yitong.\nca: x.pem", "tls is not true"},
		"no ca":         {"brokers: [a:1]\ntopic_prefix: yitong.\ntls: true\nca: x.pem", "ca cannot be read"},
		"user alone":    {"brokers: [a:1]\ntopic_prefix: yitong.\nuser: u", "need sasl"},
		"unknown sasl":  {"brokers: [a:1]\ntopic_prefix: yitong.\nsasl: x", "unknown sasl"},
		"secret inside": {"brokers: [a:1]\ntopic_prefix: yitong.\nsasl: plain\npassword: hunter2", "not known"},
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, kafka.FileName), []byte(test.text), 0o600))
		read, err := kafka.Load(dir)
		if err == nil {
			_, err = kafka.New(read, secret)
		}
		if test.wrong == "" {
			require.NoError(t, err, name)
			continue
		}
		require.True(t, fault.Is(err, fault.Invalid), name)
		require.Contains(t, fault.Public(err), test.wrong, name)
		require.NotContains(t, fault.Public(err), "hunter2")
	}
}

// TestTopicsThatAreNotThere writes where no topic is: nothing makes one.
func TestTopicsThatAreNotThere(t *testing.T) {
	t.Parallel()
	producer, err := kafka.New(kafka.Config{Brokers: []string{testserver.Kafka(t)}}, nil)
	require.NoError(t, err)
	defer producer.Close()
	err = producer.Publish(t.Context(), "yitong.nobody.made", []feed.Message{{Key: "k", Text: func(int) ([]byte, error) { return []byte("{}"), nil }}})
	require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
	require.Contains(t, fault.Public(err), "is not there")
}
