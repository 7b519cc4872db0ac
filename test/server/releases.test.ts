/** Releases as documents while a person edits: what one installs, and its merged values with the lines that won. */
import { expect, test } from 'vitest';
import type { ReleasePreview } from '../../src/protocol/index.ts';
import { asRelease, releasePreview } from '../../src/server/releases.ts';
import type { Session } from '../../src/server/session.ts';
import { originsAt, parseVirtual, type Rendered, spansFrom } from '../../src/server/virtual.ts';
import { type Opened, openFolder } from './open.ts';

const sync = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, url: https://git.example.com/fleet.git }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, path: ./clusters/dev, prune: true, sourceRef: { kind: GitRepository, name: flux-system } }
`;
const apps = `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
  interval: 1m
  path: ./apps
  prune: true
  targetNamespace: team
  sourceRef: { kind: GitRepository, name: flux-system }
  postBuild: { substitute: { level: info } }
`;
const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
spec:
  interval: 10m
  chart:
    spec:
      chart: ./charts/web
      sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system }
  valuesFrom:
    - { kind: ConfigMap, name: web-values }
    - { kind: Secret, name: web-secret }
  values:
    level: \${level}
    args: [a, b]
    text: |
      first
      second
`;
const inputs = `apiVersion: v1
kind: ConfigMap
metadata: { name: web-values }
data:
  values.yaml: |
    size: 5
---
apiVersion: v1
kind: Secret
metadata: { name: web-secret }
stringData:
  values.yaml: |
    password: hunter2-hunter2
`;
const fleet: Readonly<Record<string, string>> = {
  'clusters/dev/flux-system/gotk-sync.yaml': sync,
  'clusters/dev/apps.yaml': apps,
  'apps/web.yaml': release,
  'apps/inputs.yaml': inputs,
  'apps/kustomization.yaml': 'resources: [web.yaml, inputs.yaml]\n',
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'charts/web/values.yaml':
    'size: 1\nlevel: none\nempty: {}\nlong: a text that is so long that the printer folds it over more than one line of the document, twice\n',
  'charts/web/templates/config.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  fixed: from-the-chart
  LEVEL: {{ .Values.level | quote }}
  SIZE: {{ .Values.size | quote }}
  DSN: user:{{ .Values.password }}
`,
};

function open(more: Readonly<Record<string, string>> = {}): Opened {
  return openFolder({ ...fleet, ...more });
}

const never = new AbortController().signal;

async function preview(session: Session, of: ReleasePreview) {
  return await releasePreview(session, session.doors, of, never);
}

async function shown(session: Session, of: ReleasePreview): Promise<Rendered> {
  const { uri, message } = await preview(session, of);
  return await session.render(parseVirtual(uri ?? `no document: ${message}`)!, never);
}

/** The source lines that a rendered text leads to. */
function sourcesOf(session: Session, rendered: Rendered, text: string): readonly string[] {
  const at = rendered.text.indexOf(text);
  expect(at, `${text} in ${rendered.text}`).toBeGreaterThanOrEqual(0);
  const start = rendered.text.lastIndexOf('\n', at) + 1;
  return originsAt(rendered, at, start, rendered.text.indexOf('\n', at)).flatMap((origin) => {
    const place = session.place(rendered.folder!, origin);
    return place === undefined ? [] : [`${origin.file}:${place.line + 1}`];
  });
}

test('a release shows as the cluster renders it: namespace, substitution, values; Secrets masked', async () => {
  const { session, uri } = open();
  const document = await shown(session, { kind: 'release', show: 'objects', uri: uri('apps/web.yaml') });
  expect(document.text).toContain('DSN: user:***\n  LEVEL: info\n  SIZE: "5"\n  fixed: from-the-chart\n');
  expect(document.text).not.toContain('hunter2');
  expect(sourcesOf(session, document, '"5"')).toEqual(['apps/inputs.yaml:6', 'charts/web/templates/config.yaml:8']);
  expect(sourcesOf(session, document, 'from-the-chart')).toEqual(['charts/web/templates/config.yaml:6']);
});

test('a source line leads to its rendered line', async () => {
  const { session, uri } = open();
  const document = await shown(session, { kind: 'release', show: 'objects', uri: uri('apps/web.yaml') });
  const start = inputs.indexOf('    size: 5');
  const [span] = spansFrom(document, 'apps/inputs.yaml', start, start + '    size: 5\n'.length);
  expect(document.text.slice(span!.start, span!.end)).toBe('"5"');
});

test('an edit of the values, of the ConfigMap or of the chart shows', async () => {
  const { session, uri } = open();
  const of = { kind: 'release', show: 'objects', uri: uri('apps/web.yaml') } as const;
  await shown(session, of);
  const told = new Promise((resolve) => session.onRendered(resolve));
  session.files.edit(uri('apps/inputs.yaml'), inputs.replace('size: 5', 'size: 6'));
  await told;
  expect((await shown(session, of)).text).toContain('SIZE: "6"');
  session.files.edit(uri('apps/web.yaml'), release.replace('level: ${level}', 'level: high'));
  expect((await shown(session, of)).text).toContain('LEVEL: high');
  const template = fleet['charts/web/templates/config.yaml']!.replace('from-the-chart', 'edited');
  session.files.edit(uri('charts/web/templates/config.yaml'), template);
  expect((await shown(session, of)).text).toContain('fixed: edited');
  session.files.edit(uri('charts/web/templates/config.yaml'), '{{ fail "no" }}');
  expect((await shown(session, of)).text).toMatch(/^# error: [\s\S]*no/);
});

test('merged values tell which line won', async () => {
  const { session, uri } = open();
  const document = await shown(session, { kind: 'release', show: 'values', uri: uri('apps/web.yaml') });
  expect(document.text).toBe(`args:  # apps/web.yaml:16
- a
- b
empty: {}  # charts/web/values.yaml:3
level: info  # clusters/dev/apps.yaml:11
long: a text that is so long that the printer folds it over more than one line of
  the document, twice  # charts/web/values.yaml:4
password: '***'  # apps/inputs.yaml:13
size: 5  # apps/inputs.yaml:6
text: |  # apps/web.yaml:17
  first
  second
`);
  expect(sourcesOf(session, document, 'size')).toEqual(['apps/inputs.yaml:6']);
  expect(sourcesOf(session, document, '- b')).toEqual(['apps/web.yaml:16']);
});

test('the file of a values ConfigMap, and a file of the chart, lead to the release', async () => {
  const { session, uri } = open();
  for (const path of ['apps/inputs.yaml', 'charts/web/values.yaml', 'charts/web/templates/config.yaml']) {
    const { uri: found } = await preview(session, { kind: 'release', show: 'objects', uri: uri(path) });
    expect(parseVirtual(found!), path).toMatchObject({ path: '/apps/web.yaml', cluster: '/clusters/dev' });
  }
  expect(
    (await preview(session, { kind: 'release', show: 'objects', uri: uri('apps/kustomization.yaml') })).message,
  ).toBe('No HelmRelease is declared in this file, and none reads it.');
});

test('a release of the cluster is found by its name there', async () => {
  const { session } = open();
  const object = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', namespace: 'team', name: 'web' };
  const document = await shown(session, { kind: 'release', show: 'objects', object });
  expect(document.text).toContain('LEVEL: info');
  const other = { ...object, name: 'other' };
  expect((await preview(session, { kind: 'release', show: 'values', object: other })).message).toContain('other');
});

test('two clusters that render the release are a choice', async () => {
  const { session, uri } = open({
    'clusters/prod/flux-system/gotk-sync.yaml': sync.replace('./clusters/dev', './clusters/prod'),
    'clusters/prod/apps.yaml': apps.replace('level: info', 'level: warn'),
  });
  const { choices } = await preview(session, { kind: 'release', show: 'values', uri: uri('apps/web.yaml') });
  expect(choices?.map(({ description }) => description)).toEqual(['clusters/dev', 'clusters/prod']);
  const document = await session.render(parseVirtual(choices![1]!.uri)!, never);
  expect(document.text).toContain('level: warn  # clusters/prod/apps.yaml');
});

test('a release that no cluster renders shows as its file declares it', async () => {
  const { session, uri } = open({ 'apps/kustomization.yaml': 'resources: [inputs.yaml]\n' });
  const of = { kind: 'release', show: 'values', uri: uri('apps/web.yaml') } as const;
  expect((await shown(session, of)).text).toContain('size: 5  # apps/inputs.yaml:6');
  session.files.edit(uri('apps/web.yaml'), 'nothing: here\n');
  expect((await preview(session, of)).message).toBeDefined();
});

test('a release that is gone says so', async () => {
  const { session, uri } = open();
  const { uri: document } = await preview(session, { kind: 'release', show: 'objects', uri: uri('apps/web.yaml') });
  session.files.edit(uri('apps/kustomization.yaml'), 'resources: [inputs.yaml]\n');
  const { text } = await session.render(parseVirtual(document!)!, never);
  expect(text).toBe('# clusters/dev no longer has this release.\n');
});

test('a preview of the Flux object at a line is that of the release', () => {
  const { session, uri } = open();
  const asked = { kind: 'flux', uri: uri('apps/web.yaml'), line: 3 } as const;
  expect(asRelease(session, asked)).toEqual({ ...asked, kind: 'release', show: 'objects' });
  expect(asRelease(session, { kind: 'flux', uri: uri('clusters/dev/apps.yaml') })).toBeUndefined();
});
