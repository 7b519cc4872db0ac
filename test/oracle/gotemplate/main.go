// Renders templates with the real text/template, sprig and Helm engine: the judge of src/engine/gotemplate.
// Standard input: one JSON object per line {"template": "...", "values": {...}}; standard output: one JSON object per
// line {"text": "..."} or {"error": "..."}. With "raw": true a template "t" is executed by text/template with sprig's
// functions, so that errors are Go's own; otherwise it is templates/t.yaml of a chart "c" for Helm 4's engine.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

type request struct {
	Template string         `json:"template"`
	Values   map[string]any `json:"values"`
	Raw      bool           `json:"raw"`
}

type answer struct {
	Text  *string `json:"text,omitempty"`
	Error string  `json:"error,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		out.Encode(render(r))
	}
}

func render(r request) answer {
	if r.Raw {
		return renderRaw(r)
	}
	c := &chart.Chart{
		Metadata:  &chart.Metadata{Name: "c", Version: "0.1.0", APIVersion: "v2"},
		Templates: []*common.File{{Name: "templates/t.yaml", Data: []byte(r.Template)}},
	}
	if r.Values == nil {
		r.Values = map[string]any{}
	}
	values := common.Values{"Values": common.Values(r.Values), "Release": map[string]any{"Name": "r", "Namespace": "n"}}
	files, err := engine.Render(c, values)
	if err != nil {
		return answer{Error: err.Error()}
	}
	text := files["c/templates/t.yaml"]
	return answer{Text: &text}
}

func renderRaw(r request) answer {
	t, err := template.New("t").Option("missingkey=zero").Funcs(sprig.TxtFuncMap()).Parse(r.Template)
	if err != nil {
		return answer{Error: err.Error()}
	}
	var out strings.Builder
	if err := t.Execute(&out, map[string]any{"Values": r.Values}); err != nil {
		return answer{Error: err.Error()}
	}
	text := out.String()
	return answer{Text: &text}
}
