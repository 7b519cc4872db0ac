// Our stand-in for github.com/fluxcd/pkg/artifact, which the Go module proxy does not serve. It holds the calls that
// source-controller makes and nothing else, written from those call sites: everything that source-controller decides
// (Git, OCI, Helm, revisions, ignore rules) is the real code, only packing, storing and serving artifacts is ours.
module github.com/fluxcd/pkg/artifact

go 1.26.0

require (
	github.com/fluxcd/pkg/apis/meta v1.30.2
	github.com/fluxcd/pkg/sourceignore v0.18.0
	github.com/fluxcd/pkg/tar v1.2.0
	github.com/opencontainers/go-digest v1.0.0
	github.com/spf13/pflag v1.0.10
	k8s.io/apimachinery v0.36.1
)
