package testserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// fetchTime is for Maven, which fetches some 100 MB the first time.
const fetchTime = 10 * time.Minute

// kafkaServer is the broker of this process, as the servers above.
var kafkaServer shared

// Kafka gives host:port of a broker of Apache Kafka (one node, KRaft). Tests
// share it: each makes topics of its own names. YITONG_TEST_KAFKA names one to
// use instead.
func Kafka(t testing.TB) string {
	t.Helper()
	running := kafkaServer.get(t, "YITONG_TEST_KAFKA", startKafka)
	if running.external != "" {
		return running.external
	}
	return fmt.Sprintf("127.0.0.1:%d", running.port)
}

func startKafka() (server, error) {
	java, jars, err := kafkaJars()
	if err != nil {
		return server{}, err
	}
	if jars == "" {
		return server{absent: "java or Maven is not installed, which the Kafka broker needs"}, nil
	}
	runs, err := accountOf()
	if err != nil {
		return server{}, err
	}
	started := server{}
	if started.dir, err = runs.folder("kafka"); err != nil {
		return server{}, err
	}
	if started.port, err = freePort(); err != nil {
		return server{}, err
	}
	controller, err := freePort()
	if err != nil {
		return server{}, err
	}
	properties := filepath.Join(started.dir, "server.properties")
	if err := runs.file(properties, kafkaProperties(started, controller)); err != nil {
		return server{}, err
	}
	options := []string{"-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jars}
	format := append(slices.Clone(options), "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", properties)
	if err := runs.run(started.dir, java, format...); err != nil {
		return server{}, err
	}
	started.lease, err = runs.serve(started.dir, kafkaReady(started.port), java, append(options, "kafka.Kafka", properties)...)
	return started, err
}

func kafkaReady(port int) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		conn, err := kafka.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Controller()
		return err
	}
}

func kafkaProperties(s server, controller int) string {
	return strings.Join([]string{
		"process.roles=broker,controller", "node.id=1",
		fmt.Sprintf("controller.quorum.voters=1@127.0.0.1:%d", controller),
		fmt.Sprintf("listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", s.port, controller),
		fmt.Sprintf("advertised.listeners=PLAINTEXT://127.0.0.1:%d", s.port),
		"controller.listener.names=CONTROLLER",
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"log.dirs=" + filepath.Join(s.dir, "logs"),
		"offsets.topic.replication.factor=1", "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1",
		"auto.create.topics.enable=false", "log.retention.check.interval.ms=1000", "log.cleaner.enable=false",
	}, "\n") + "\n"
}

// kafkaJars gives the program java and the class path of the broker, which
// Maven copies once; an empty class path says that something is not installed.
func kafkaJars() (java, classPath string, err error) {
	java, err = exec.LookPath("java")
	if err != nil {
		return "", "", nil //nolint:nilerr // told to the test as absent
	}
	root, err := moduleRoot()
	if err != nil {
		return "", "", err
	}
	cache := filepath.Join(root, ".cache", "kafka")
	if jars, _ := filepath.Glob(filepath.Join(cache, "kafka_*.jar")); len(jars) > 0 {
		return java, filepath.Join(cache, "*"), nil
	}
	maven, err := exec.LookPath("mvn")
	if err != nil {
		return "", "", nil //nolint:nilerr // as above
	}
	ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
	defer cancel()
	// Copied aside and moved in one step: another test process may do the same.
	aside, err := os.MkdirTemp(filepath.Join(root, ".cache"), "kafka-")
	if err != nil {
		return "", "", err
	}
	fetch := exec.CommandContext(ctx, maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory="+aside) // #nosec G204 -- Maven with our pom
	fetch.Dir = filepath.Join(root, "internal", "testserver", "kafka")
	if output, err := fetch.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("fetch Kafka by Maven: %w: %s", err, tail(output))
	}
	if err := os.Chmod(aside, 0o755); err != nil { // #nosec G302 -- the broker runs as another user
		return "", "", err
	}
	if err := os.Rename(aside, cache); err != nil {
		if jars, _ := filepath.Glob(filepath.Join(cache, "kafka_*.jar")); len(jars) == 0 {
			return "", "", err
		}
	}
	return java, filepath.Join(cache, "*"), nil
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, os.MkdirAll(filepath.Join(dir, ".cache"), 0o755) // #nosec G301 -- as above
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod above the test")
		}
	}
}
