/**
 * A chart of the size and the ways of kube-prometheus-stack: dashboards that are long texts with a guard around them, alert
 * rules with many small actions and escaped braces, and objects that print nested values. About 120 templates, 2.5 MB out.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function writeStack(folder: string): void {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('Chart.yaml', 'apiVersion: v2\nname: stack\nversion: 1.0.0\nappVersion: "1.0"\n');
  write('values.yaml', values);
  write('templates/_helpers.tpl', helpers);
  for (let i = 0; i < 45; i++) write(`templates/dashboards/board-${i}.yaml`, dashboard(i));
  for (let i = 0; i < 40; i++) write(`templates/rules/rules-${i}.yaml`, rules(i));
  for (let i = 0; i < 35; i++) write(`templates/parts/part-${i}.yaml`, part.replaceAll('PART', `part${i}`));
}

const components = Array.from(
  { length: 35 },
  (_, i) => `
part${i}:
  enabled: true
  replicas: ${(i % 3) + 1}
  image: {registry: quay.io, repository: example/part${i}, tag: v1.${i}.0, sha: ""}
  annotations: {}
  resources: {limits: {cpu: 200m, memory: 200Mi}, requests: {cpu: 100m, memory: 100Mi}}
  securityContext: {runAsNonRoot: true, runAsUser: 65534, seccompProfile: {type: RuntimeDefault}}
  nodeSelector: {kubernetes.io/os: linux}
  tolerations: [{key: a, operator: Exists}, {key: b, operator: Exists}]
  monitor: {enabled: true, interval: "", relabelings: [{sourceLabels: [__name__], action: drop, regex: a.*}]}
  ports: [{name: http, port: 80${i + 10}}, {name: metrics, port: 90${i + 10}}]`,
).join('');

const values = `global: {edit: 1, registry: "", rbac: {create: true}}
commonLabels: {team: a}
targetVersion: ""
dashboards: {enabled: true, label: grafana_dashboard, annotations: {folder: main}}
rules: {create: true, labels: {}, disabled: {Alert7: true}, additional: {severity: page}, runbooks: https://runbooks.example.com}
${components}
`;

const helpers = `{{- define "stack.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end }}
{{- define "stack.fullname" -}}
{{- if contains (include "stack.name" .) .Release.Name }}{{ .Release.Name | trunc 26 }}{{ else }}{{ printf "%s-%s" .Release.Name (include "stack.name" .) | trunc 26 | trimSuffix "-" }}{{ end }}
{{- end }}
{{- define "stack.labels" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: "{{ replace "+" "_" .Chart.Version }}"
chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- if .Values.commonLabels }}
{{ toYaml .Values.commonLabels }}
{{- end }}
{{- end }}
`;

function dashboard(i: number): string {
  const panels = Array.from({ length: 60 }, (_, n) => {
    const query = `sum by (namespace, pod) (rate(container_metric_${n}_total{cluster=\\"$cluster\\", job=\\"part${i}\\"}[$__rate_interval]))`;
    const target = `{"datasource": {"type": "prometheus", "uid": "\${datasource}"}, "expr": "${query}", "legendFormat": "{{\`{{\`}}namespace}} {{\`{{\`}}pod}}"}`;
    return `        {
            "datasource": {"type": "datasource", "uid": "-- Mixed --"},
            "description": "Panel ${n} of board ${i}: how much of it there is in each namespace, and how fast it grows.",
            "fieldConfig": {"defaults": {"custom": {"fillOpacity": 10, "showPoints": "never", "spanNulls": true}, "unit": "short"}},
            "gridPos": {"h": 7, "w": 12, "x": ${(n % 2) * 12}, "y": ${n * 7}},
            "id": ${n},
            "interval": "1m",
            "options": {"legend": {"asTable": true, "calcs": ["lastNotNull"], "displayMode": "table"}, "tooltip": {"mode": "single"}},
            "targets": [${target}],
            "title": "Panel ${n}",
            "type": "timeseries"
        }`;
  });
  return `{{- $target := default .Capabilities.KubeVersion.GitVersion .Values.targetVersion }}
{{- if and .Values.dashboards.enabled (semverCompare ">=1.14.0-0" $target) (semverCompare "<9.9.9-9" $target) }}
apiVersion: v1
kind: ConfigMap
metadata:
  namespace: {{ .Release.Namespace }}
  name: {{ printf "%s-%s" (include "stack.fullname" $) "board-${i}" | trunc 63 | trimSuffix "-" }}
  annotations: {{- toYaml .Values.dashboards.annotations | nindent 4 }}
  labels:
    {{ .Values.dashboards.label }}: "1"
{{ include "stack.labels" $ | indent 4 }}
data:
  board-${i}.json: |-
    {
      "editable": true,
      "panels": [
${panels.join(',\n')}
      ],
      "title": "Board ${i}"
    }
{{- end }}
`;
}

function rules(i: number): string {
  const alerts = Array.from(
    { length: 12 },
    (_, n) => `{{- if not (.Values.rules.disabled.Alert${n} | default false) }}
    - alert: Alert${n}
      annotations:
        description: 'Pod {{\`{{\`}} $labels.namespace {{\`}}\`}}/{{\`{{\`}} $labels.pod {{\`}}\`}} is at {{\`{{\`}} $value | humanize {{\`}}\`}}.'
        runbook_url: {{ .Values.rules.runbooks }}/part${i}/alert${n}
        summary: Something is wrong.
      expr: max_over_time(metric_${n}{job="part${i}"}[5m]) > {{ .Values.part${i % 35}.replicas }}
      for: 15m
      labels:
        severity: warning
        {{- with .Values.rules.additional }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}`,
  );
  return `{{- $target := default .Capabilities.KubeVersion.GitVersion .Values.targetVersion }}
{{- if and .Values.rules.create (semverCompare ">=1.14.0-0" $target) }}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ printf "%s-%s" (include "stack.fullname" .) "rules-${i}" | trunc 63 | trimSuffix "-" }}
  labels:
{{ include "stack.labels" . | indent 4 }}
spec:
  groups:
  - name: rules-${i}
    rules:
${alerts.join('\n')}
{{- end }}
`;
}

const part = `{{- if .Values.PART.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "stack.fullname" . }}-PART
  labels:
    app: {{ include "stack.name" . }}-PART
{{ include "stack.labels" . | indent 4 }}
  {{- with .Values.PART.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  replicas: {{ .Values.PART.replicas }}
  selector:
    matchLabels: {app: PART}
  template:
    metadata:
      labels:
        app: PART
        edit: {{ .Values.global.edit | quote }}
    spec:
      {{- with .Values.PART }}
      containers:
        - name: main
          {{- $registry := $.Values.global.registry | default .image.registry }}
          image: "{{ $registry }}/{{ .image.repository }}:{{ .image.tag }}{{ if .image.sha }}@sha256:{{ .image.sha }}{{ end }}"
          ports:
            {{- range .ports }}
            - name: {{ .name }}
              containerPort: {{ .port }}
            {{- end }}
          resources: {{- toYaml .resources | nindent 12 }}
      securityContext: {{- toYaml .securityContext | nindent 8 }}
      nodeSelector: {{- toYaml .nodeSelector | nindent 8 }}
      tolerations: {{- toYaml .tolerations | nindent 8 }}
      {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ include "stack.fullname" . }}-PART
  labels:
{{ include "stack.labels" . | indent 4 }}
spec:
  selector: {app: PART}
  ports:
    {{- range .Values.PART.ports }}
    - name: {{ .name }}
      port: {{ .port }}
    {{- end }}
{{- if .Values.PART.monitor.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "stack.fullname" . }}-PART
spec:
  selector:
    matchLabels: {app: PART}
  endpoints:
    - port: metrics
      {{- with .Values.PART.monitor.interval }}
      interval: {{ . }}
      {{- end }}
      relabelings: {{- tpl (toYaml .Values.PART.monitor.relabelings) . | nindent 8 }}
{{- end }}
{{- end }}
`;
