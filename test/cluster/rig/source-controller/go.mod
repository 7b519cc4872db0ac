// Builds the real source-controller. Replace directives count only in the main module, so this one repeats the
// controller's own, and adds our stand-in for the one dependency that the module proxy does not serve.
module sluice/rig/source-controller

go 1.26.0

tool github.com/fluxcd/source-controller

require (
	github.com/fluxcd/source-controller v1.9.5
	github.com/fluxcd/source-controller/api v1.9.5
)

replace (
	github.com/fluxcd/pkg/artifact => ../artifact
	github.com/opencontainers/go-digest => github.com/opencontainers/go-digest v1.0.1-0.20220411205349-bde1400a84be
)
