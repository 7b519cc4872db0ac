// The judge of the yaml room: it runs the Go libraries that kustomize, Helm and the Flux controllers use.
//
// It reads one JSON request per line on standard input and answers one JSON line each, in order:
//
//	{"mode":"kyaml","text":"…"}   every document read as kustomize does and printed as kustomize prints it
//	{"mode":"sigs","text":"…"}    one document from YAML to JSON by sigs.k8s.io/yaml
//	{"mode":"marshal","text":"…"} a JSON text as sigs.k8s.io/yaml writes it (Helm's toYaml)
//	{"mode":"pretty","text":"…"}  a JSON text as yaml.v3 writes it with two spaces (Helm's toYamlPretty)
//	{"mode":"tree","text":"…"}    every document as yaml.v3 nodes: kind, tag, style, value, line, column
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/yaml"
)

type request struct{ Mode, Text string }

type answer struct {
	Output string `json:"output"`
	Error  string `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	decoder := json.NewDecoder(in)
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
	switch r.Mode {
	case "kyaml":
		return kustomize(r.Text)
	case "sigs":
		out, err := yaml.YAMLToJSON([]byte(r.Text))
		return string(out), err
	case "marshal":
		out, err := yaml.JSONToYAML([]byte(r.Text))
		return string(out), err
	case "pretty":
		return pretty(r.Text)
	case "tree":
		return tree(r.Text)
	}
	return "", fmt.Errorf("unknown mode %q", r.Mode)
}

func kustomize(text string) (string, error) {
	nodes, err := kio.FromBytes([]byte(text))
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	for i, node := range nodes {
		if i > 0 {
			out.WriteString("---\n")
		}
		asJSON, err := node.MarshalJSON()
		if err != nil {
			return "", err
		}
		asYAML, err := yaml.JSONToYAML(asJSON)
		if err != nil {
			return "", err
		}
		out.Write(asYAML)
	}
	return out.String(), nil
}

func pretty(text string) (string, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return "", err
	}
	var out bytes.Buffer
	encoder := yaml3.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(numbers(value)); err != nil {
		return "", err
	}
	return out.String(), nil
}

// numbers turns every json.Number into the integer that it is, or else into a float.
func numbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = numbers(item)
		}
	case []any:
		for i, item := range v {
			v[i] = numbers(item)
		}
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		if u, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return u
		}
		f, _ := v.Float64()
		return f
	}
	return value
}

type node struct {
	Kind  string `json:"kind"`
	Tag   string `json:"tag,omitempty"`
	Style string `json:"style,omitempty"`
	Value string `json:"value,omitempty"`
	Line  int    `json:"line"`
	Col   int    `json:"column"`
	Items []node `json:"items,omitempty"`
}

func tree(text string) (string, error) {
	decoder := yaml3.NewDecoder(bytes.NewReader([]byte(text)))
	var documents []node
	for {
		var n yaml3.Node
		err := decoder.Decode(&n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		for _, root := range n.Content {
			documents = append(documents, simplify(root, 0))
		}
	}
	out, err := json.Marshal(documents)
	return string(out), err
}

var kinds = map[yaml3.Kind]string{
	yaml3.SequenceNode: "sequence", yaml3.MappingNode: "mapping", yaml3.ScalarNode: "scalar", yaml3.AliasNode: "alias",
}

func simplify(n *yaml3.Node, depth int) node {
	out := node{Kind: kinds[n.Kind], Tag: n.Tag, Value: n.Value, Line: n.Line, Col: n.Column}
	switch {
	case n.Style&yaml3.DoubleQuotedStyle != 0:
		out.Style = "double"
	case n.Style&yaml3.SingleQuotedStyle != 0:
		out.Style = "single"
	case n.Style&yaml3.LiteralStyle != 0:
		out.Style = "literal"
	case n.Style&yaml3.FoldedStyle != 0:
		out.Style = "folded"
	case n.Kind == yaml3.ScalarNode:
		out.Style = "plain"
	}
	if depth < 100 {
		for _, child := range n.Content {
			out.Items = append(out.Items, simplify(child, depth+1))
		}
	}
	return out
}
