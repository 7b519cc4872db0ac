/** Charts: a small one and a large one, whole processes and inside one, and one edit of a value in a warm engine. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { helm } from '../../src/engine/index.ts';
import { diskTree, textFile } from '../../src/io/disk.ts';
import { middle, program, type Row, type Table } from '../measure.ts';
import { cli, tool } from '../tools.ts';
import { writeStack } from './stackchart.ts';

export async function chart(folder: string): Promise<readonly Table[]> {
  const small = join(folder, 'small');
  writeChart(small, 3);
  const large = join(folder, 'large');
  // About as many templates and lines as kube-prometheus-stack has with its subcharts.
  writeChart(large, 180);
  const stack = join(folder, 'stack');
  writeStack(stack);
  const empty = join(folder, 'empty');
  writeChart(empty, 0);
  const real = certManager();
  const charts: readonly (readonly [string, string])[] = [
    ['a chart of 3 templates', small],
    ['a chart of 180 templates', large],
    ['a chart as large as kube-prometheus-stack', stack],
    ...(real === undefined ? [] : [['cert-manager v1.21.2', real] as const]),
  ];
  const tables: Table[] = [];
  for (const [title, folder] of charts) tables.push(await tableFor(title, folder, empty));
  return tables;
}

async function tableFor(title: string, folder: string, empty: string): Promise<Table> {
  const rows: Row[] = [
    inProcess('one edit of a value to the new manifests, warm', folder, 'warm'),
    inProcess('one edit that nothing prints, warm', folder, 'warm', 'unused'),
    inProcess('chart read, parsed and rendered, cold, in process', folder, 'cold'),
    await program('sluice template', process.execPath, () => [cli, 'template', 'r', folder]),
  ];
  for (const name of ['helm4', 'helm3']) {
    const path = tool(name);
    if (path === undefined) continue;
    const whole = await program(`${name} template`, path, () => ['template', 'r', folder]);
    const start = await program('', path, () => ['template', 'r', empty]);
    const note = `its own reading and rendering: without the ${start.time.toFixed(0)} ms that it takes for no templates`;
    rows.push(whole);
    // Of a small chart the two are one within the noise.
    if (whole.time > 2 * start.time)
      rows.push({ what: `${name} template, but its start`, time: whole.time - start.time, note });
  }
  return { title, rows };
}

/** `key` of the globals is edited: `edit` is printed by every object of the charts made here, others by none. */
function inProcess(what: string, folder: string, mode: 'warm' | 'cold', key = 'edit'): Row {
  const load = () => helm.loadChartFolder(diskTree('/'), folder).value!;
  const warm = load();
  const times: number[] = [];
  let note = '';
  for (let i = 0; i < (mode === 'warm' ? 30 : 5); i++) {
    const values = textFile('values.yaml', `global: {${key}: ${i + 10}}\n`);
    const started = performance.now();
    const rendered = helm.renderChart({
      chart: mode === 'warm' ? warm : load(),
      values: helm.readValues(values, { file: '', start: 0, end: 0 }).value!,
      release: { name: 'r', namespace: 'default', isUpgrade: false, revision: 1 },
      capabilities: helm.defaultCapabilities(4),
    });
    times.push(performance.now() - started);
    note =
      rendered.value === undefined
        ? `FAILED: ${rendered.problems[0]?.message}`
        : `${rendered.value.manifests.length} manifests`;
  }
  return { what, time: middle(times), note };
}

/** A chart as `helm create` writes them, its deployment and service `count` times under other names. */
function writeChart(folder: string, count: number): void {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('Chart.yaml', 'apiVersion: v2\nname: demo\nversion: 1.0.0\nappVersion: "1.0"\n');
  write(
    'values.yaml',
    'global: {edit: 1}\nimage: {repository: nginx, tag: ""}\nresources: {limits: {cpu: 1, memory: 1Gi}}\nlabels: {team: a}\n',
  );
  write('templates/_helpers.tpl', helpers);
  for (let i = 0; i < count; i++) write(`templates/part-${i}.yaml`, part.replaceAll('NAME', `part-${i}`));
}

const helpers = `{{- define "demo.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- define "demo.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ include "demo.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
`;

const part = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "demo.name" . }}-NAME
  labels: {{- include "demo.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.global.edit }}
  selector:
    matchLabels: {{- include "demo.labels" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "demo.labels" . | nindent 8 }}
    spec:
      containers:
        - name: main
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          {{- with .Values.resources }}
          resources: {{- toYaml . | nindent 12 }}
          {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ include "demo.name" . }}-NAME
  labels: {{- include "demo.labels" . | nindent 4 }}
spec:
  ports:
    {{- range $i := until 3 }}
    - name: port-{{ $i }}
      port: {{ add 8000 $i }}
    {{- end }}
`;

/** A real chart, where Go's module cache can bring it. */
function certManager(): string | undefined {
  try {
    const args = ['mod', 'download', '-json', 'github.com/cert-manager/cert-manager@v1.21.2'];
    const { Dir } = JSON.parse(execFileSync('go', args, { cwd: tmpdir(), encoding: 'utf8' })) as { Dir?: string };
    return Dir === undefined ? undefined : join(Dir, 'deploy/charts/cert-manager');
  } catch {
    return undefined;
  }
}
