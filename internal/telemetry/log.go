package telemetry

import (
	"io"
	"log/slog"
	"strings"
)

// secretWords mark attributes whose value must not be written.
var secretWords = []string{"password", "secret", "token", "dsn", "authorization"}

// Logger writes to out what is at least as grave as level: debug, info, warn
// (also when empty or unknown) or error.
func Logger(out io.Writer, level string, asJSON bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: parseLevel(level), ReplaceAttr: hideSecrets}
	if asJSON {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

func parseLevel(text string) slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return slog.LevelWarn
	}
	return level
}

func hideSecrets(_ []string, attribute slog.Attr) slog.Attr {
	key := strings.ToLower(attribute.Key)
	for _, word := range secretWords {
		if strings.Contains(key, word) {
			return slog.String(attribute.Key, "(hidden)")
		}
	}
	return attribute
}
