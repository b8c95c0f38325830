// Package config is where settings come from: flags, the environment and the
// home folder's secrets file, merged into one [Config]. It is the only package
// that reads the environment. It imports internal/fault only. Start at [Load].
package config
