// The judge of a Flux Kustomization's build: it runs the Go libraries that kustomize-controller uses, in its order.
//
// It reads one JSON request per line on standard input and answers one JSON line each, in order:
//
//	{"root":"…","path":"…","kustomization":{…},"inputs":[…],"strict":true}
//	    the folder root/path built as the Kustomization says; inputs are the cluster's ConfigMaps and Secrets.
//	    The generated kustomization.yaml is written into the folder, as the controller does.
//	{"text":"…","vars":{…},"strict":true}
//	    the text with variables replaced
//	{"normalize":{…}}
//	    the object as the controller applies it: through the Go struct of its kind and back, in JSON
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fluxcd/pkg/envsubst"
	generator "github.com/fluxcd/pkg/kustomize"
	"github.com/fluxcd/pkg/ssa/normalize"
	ssautil "github.com/fluxcd/pkg/ssa/utils"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

type request struct {
	Root          string           `json:"root"`
	Path          string           `json:"path"`
	Kustomization map[string]any   `json:"kustomization"`
	Inputs        []map[string]any `json:"inputs"`
	Strict        bool             `json:"strict"`

	Normalize map[string]any `json:"normalize"`

	Text string            `json:"text"`
	Vars map[string]string `json:"vars"`
}

type answer struct {
	Output string `json:"output"`
	Error  string `json:"error,omitempty"`
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
		output, err := run(r)
		a := answer{Output: output}
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if err := encoder.Encode(a); err != nil {
			os.Exit(2)
		}
	}
}

func run(r request) (output string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if r.Normalize != nil {
		return normalized(r.Normalize)
	}
	if r.Kustomization == nil {
		return envsubst.Eval(r.Text, func(name string) (string, bool) {
			value, set := r.Vars[name]
			return value, set || !r.Strict
		})
	}
	return build(r)
}

func normalized(object map[string]any) (string, error) {
	one := &unstructured.Unstructured{}
	// By way of JSON, so that whole numbers are such.
	data, err := json.Marshal(object)
	if err != nil {
		return "", err
	}
	if err := one.UnmarshalJSON(data); err != nil {
		return "", err
	}
	if err := normalize.UnstructuredList([]*unstructured.Unstructured{one}); err != nil {
		return "", err
	}
	data, err = json.Marshal(one.Object)
	return string(data), err
}

func build(r request) (string, error) {
	owner := unstructured.Unstructured{Object: r.Kustomization}
	folder := filepath.Join(r.Root, r.Path)
	if _, err := generator.NewGenerator(r.Root, owner).WriteFile(folder); err != nil {
		return "", err
	}
	built, err := generator.SecureBuild(r.Root, folder, false)
	if err != nil {
		return "", err
	}
	_, substitutes, _ := unstructured.NestedMap(owner.Object, "spec", "postBuild")
	strategy, _, _ := unstructured.NestedString(owner.Object, "spec", "postBuild", "substituteStrategy")
	cluster := inputs{all: r.Inputs}
	for _, res := range built.Resources() {
		if res.GetName() == "" || res.GetKind() == "" || res.GetApiVersion() == "" {
			return "", fmt.Errorf("failed to decode Kubernetes apiVersion, kind and name from: %v", res.String())
		}
		if !substitutes {
			continue
		}
		changed, err := generator.SubstituteVariables(context.Background(), cluster, owner, res,
			generator.SubstituteWithStrict(r.Strict), generator.SubstituteWithAlways(strategy == "Always"))
		if err != nil {
			return "", fmt.Errorf("post build failed for '%s/%s': %w", res.GetGvk(), res.GetName(), err)
		}
		if changed != nil {
			if _, err := built.Replace(res); err != nil {
				return "", err
			}
		}
	}
	manifests, err := built.AsYaml()
	if err != nil {
		return "", err
	}
	return labelled(manifests, owner)
}

// labelled sets what the controller sets last, and prints each object with its keys in order.
func labelled(manifests []byte, owner unstructured.Unstructured) (string, error) {
	objects, err := ssautil.ReadObjects(bytes.NewReader(manifests))
	if err != nil {
		return "", err
	}
	_, decrypts, _ := unstructured.NestedMap(owner.Object, "spec", "decryption")
	for _, object := range objects {
		// The controller asks this before it applies anything.
		if _, closed := object.Object["sops"]; closed && ssautil.IsSecret(object) && !decrypts {
			return "", fmt.Errorf("%s is SOPS encrypted", ssautil.FmtUnstructured(object))
		}
	}
	labels, _, _ := unstructured.NestedStringMap(owner.Object, "spec", "commonMetadata", "labels")
	annotations, _, _ := unstructured.NestedStringMap(owner.Object, "spec", "commonMetadata", "annotations")
	for _, object := range objects {
		own := object.GetLabels()
		if own == nil {
			own = map[string]string{}
		}
		own["kustomize.toolkit.fluxcd.io/name"] = owner.GetName()
		own["kustomize.toolkit.fluxcd.io/namespace"] = owner.GetNamespace()
		object.SetLabels(own)
	}
	if _, common, _ := unstructured.NestedMap(owner.Object, "spec", "commonMetadata"); common {
		ssautil.SetCommonMetadata(objects, labels, annotations)
	}
	var out bytes.Buffer
	for _, object := range objects {
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			return "", err
		}
		out.Write(text)
		out.WriteString("---\n")
	}
	return out.String(), nil
}

// inputs is the part of a cluster that substituteFrom asks.
type inputs struct {
	client.Client
	all []map[string]any
}

func (c inputs) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	kind := "ConfigMap"
	if _, ok := into.(*corev1.Secret); ok {
		kind = "Secret"
	}
	for _, object := range c.all {
		u := unstructured.Unstructured{Object: object}
		if u.GetKind() != kind || u.GetName() != key.Name || u.GetNamespace() != key.Namespace {
			continue
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, into); err != nil {
			return err
		}
		// As the API server stores it.
		if secret, ok := into.(*corev1.Secret); ok {
			for name, value := range secret.StringData {
				if secret.Data == nil {
					secret.Data = map[string][]byte{}
				}
				secret.Data[name] = []byte(value)
			}
		}
		return nil
	}
	return apierrors.NewNotFound(schema.GroupResource{Resource: kind}, key.Name)
}
