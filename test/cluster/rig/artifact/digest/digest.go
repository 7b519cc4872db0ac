// Package digest names the algorithm that revisions and artifacts are hashed with.
package digest

import (
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"

	"github.com/opencontainers/go-digest"
)

// Canonical is the algorithm in use; the controller's main sets it from a flag.
var Canonical = digest.SHA256

// AlgorithmForName answers the algorithm of that name, or an error when this build does not have it.
func AlgorithmForName(name string) (digest.Algorithm, error) {
	algorithm := digest.Algorithm(name)
	if !algorithm.Available() {
		return "", fmt.Errorf("digest algorithm %q is not available", name)
	}
	return algorithm, nil
}
