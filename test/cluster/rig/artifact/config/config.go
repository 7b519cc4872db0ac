// Package config holds source-controller's storage flags.
package config

import (
	"time"

	"github.com/spf13/pflag"
)

// Options says where artifacts are kept and how they are served.
type Options struct {
	StoragePath              string
	StorageAddress           string
	StorageAdvAddress        string
	ArtifactRetentionTTL     time.Duration
	ArtifactRetentionRecords int
	ArtifactDigestAlgo       string
}

// BindFlags declares the flags by the names that the real controller gives them.
func (o *Options) BindFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.StoragePath, "storage-path", "/data", "the directory that holds the artifacts")
	fs.StringVar(&o.StorageAddress, "storage-addr", ":9090", "the address that artifacts are served on")
	fs.StringVar(&o.StorageAdvAddress, "storage-adv-addr", "", "the host in the artifacts' URLs")
	fs.DurationVar(&o.ArtifactRetentionTTL, "artifact-retention-ttl", time.Minute, "how long an old artifact is kept")
	fs.IntVar(&o.ArtifactRetentionRecords, "artifact-retention-records", 2, "how many artifacts of an object are kept")
	fs.StringVar(&o.ArtifactDigestAlgo, "artifact-digest-algo", "sha256", "the digest algorithm of artifacts")
}
