// The judge of a HelmRelease: it runs helm-controller's own code (its internal packages, which the path of this module
// lets us import) up to the release record, with a Kubernetes client that does nothing.
//
// It reads one JSON request per line on standard input and answers one JSON line each, in order:
//
//	{"release":{…},"inputs":[…],"chart":"/folder"}
//	    what the HelmRelease would install of the chart; inputs are the cluster's ConfigMaps and Secrets.
//	    Without a chart, only the values are put together.
//	{"constraint":"…","versions":["…"]}
//	    the versions that the constraint admits, newest first, as source-controller orders those of a repository
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/fluxcd/pkg/chartutil"
	"github.com/go-logr/logr"
	helmaction "helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	kubefake "helm.sh/helm/v4/pkg/kube/fake"
	"helm.sh/helm/v4/pkg/storage"
	"helm.sh/helm/v4/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v2 "github.com/fluxcd/helm-controller/api/v2"
	"github.com/fluxcd/helm-controller/internal/action"
)

type request struct {
	Release v2.HelmRelease   `json:"release"`
	Inputs  []map[string]any `json:"inputs"`
	Chart   string           `json:"chart"`

	Constraint *string  `json:"constraint"`
	Versions   []string `json:"versions"`
}

type hook struct {
	Path     string `json:"path"`
	Manifest string `json:"manifest"`
}

type answer struct {
	Error string `json:"error,omitempty"`
	// What the record of the release would hold.
	Config    any      `json:"config,omitempty"`
	Name      string   `json:"name,omitempty"`
	Namespace string   `json:"namespace,omitempty"`
	Manifest  string   `json:"manifest,omitempty"`
	Hooks     []hook   `json:"hooks,omitempty"`
	Notes     string   `json:"notes,omitempty"`
	Versions  []string `json:"versions,omitempty"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	decoder := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		var r request
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		a, err := run(r)
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if err := encoder.Encode(a); err != nil {
			os.Exit(2)
		}
	}
}

func run(r request) (a answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if r.Constraint != nil {
		return admitted(*r.Constraint, r.Versions)
	}
	ctx := context.Background()
	obj := &r.Release
	values, err := chartutil.ChartValuesFromReferences(ctx, logr.Discard(), inputs{all: r.Inputs}, obj.Namespace,
		obj.GetValues(), obj.Spec.ValuesFrom...)
	if err != nil {
		return a, err
	}
	a.Config = values
	if r.Chart == "" {
		return a, nil
	}
	chart, err := loader.Load(r.Chart)
	if err != nil {
		return a, err
	}
	config := helmaction.NewConfiguration(helmaction.ConfigurationSetLogger(slog.DiscardHandler))
	config.Releases = storage.Init(driver.NewMemory())
	config.KubeClient = &kubefake.PrintingKubeClient{Out: io.Discard}
	config.Capabilities = common.DefaultCapabilities
	made, err := action.Install(ctx, config, obj, chart, values, func(install *helmaction.Install) {
		install.DryRunStrategy = helmaction.DryRunClient
	})
	if err != nil {
		return a, err
	}
	a.Name, a.Namespace, a.Manifest, a.Notes = made.Name, made.Namespace, made.Manifest, made.Info.Notes
	for _, h := range made.Hooks {
		a.Hooks = append(a.Hooks, hook{Path: h.Path, Manifest: h.Manifest})
	}
	return a, nil
}

func admitted(text string, versions []string) (a answer, err error) {
	constraint, err := semver.NewConstraint(text)
	if err != nil {
		return a, err
	}
	var matching semver.Collection
	for _, v := range versions {
		if parsed, err := semver.NewVersion(v); err == nil && constraint.Check(parsed) {
			matching = append(matching, parsed)
		}
	}
	sort.Stable(sort.Reverse(matching))
	for _, v := range matching {
		a.Versions = append(a.Versions, v.Original())
	}
	return a, nil
}

// inputs is a cluster that holds ConfigMaps and Secrets, and answers nothing else.
type inputs struct {
	client.Client
	all []map[string]any
}

func (in inputs) Get(_ context.Context, key client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	kind := "ConfigMap"
	if _, secret := obj.(*corev1.Secret); secret {
		kind = "Secret"
	}
	for _, input := range in.all {
		metadata, _ := input["metadata"].(map[string]any)
		if input["kind"] == kind && metadata["name"] == key.Name && metadata["namespace"] == key.Namespace {
			return runtime.DefaultUnstructuredConverter.FromUnstructured(input, obj)
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{Resource: strings.ToLower(kind) + "s"}, key.Name)
}
