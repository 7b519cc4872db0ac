/**
 * One secret on every way into the fleet (substituteFrom, valuesFrom, SOPS, a secretGenerator, a Secret's data and stringData,
 * live objects), and every channel out of it: none of them shows the secret, plain or encoded.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { check } from '../../src/cli/commands/check.ts';
import { diff } from '../../src/cli/commands/diff.ts';
import { type Live, openFleet } from '../../src/cli/fleet.ts';
import { planJson } from '../../src/cli/plan/json.ts';
import { planMarkdown } from '../../src/cli/plan/markdown.ts';
import { planText } from '../../src/cli/plan/text.ts';
import { applyPlan, dangersOf, type Plan, planLive } from '../../src/engine/index.ts';
import { payloadOf } from '../../src/engine/plan/payload.ts';
import { createInputs } from '../../src/io/cluster/inputs.ts';
import { journalFor } from '../../src/io/journal.ts';
import { type FakeCluster, fakeCluster } from '../engine/fake-cluster.ts';
import { live } from '../engine/sets.ts';
import { findCanary } from './canary.ts';
import { invoke } from './invoke.ts';

const tools = process.env.SLUICE_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice/bin');
const sops = existsSync(join(tools, 'sops')) && existsSync(join(tools, 'age-keygen'));

const old = 'canary-0ne&<old>';
const fresh = 'canary-Tw0&<new>';
function checkClean(channel: string, text: string): void {
  const [leak] = findCanary(channel, text, [old, fresh]);
  if (leak !== undefined) throw new Error(leak);
}

const meta = (name: string) => `metadata: { name: ${name}, namespace: apps }`;

/** The fleet with a value in all places. */
function files(secret: string): Readonly<Record<string, string>> {
  return {
    'clusters/one/flux-system/gotk-sync.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, url: https://git.example.com/fleet.git }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, path: ./clusters/one, prune: true, sourceRef: { kind: GitRepository, name: flux-system } }
`,
    'clusters/one/secrets.yaml': `apiVersion: v1
kind: Secret
metadata: { name: variables, namespace: flux-system }
stringData: { password: '${secret}' }
---
apiVersion: v1
kind: Secret
metadata: { name: values, namespace: flux-system }
data: { values.yaml: ${Buffer.from(`password: '${secret}'\n`).toString('base64')} }
`,
    'clusters/one/apps.yaml': `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
  interval: 1m
  path: ./apps
  prune: true
  sourceRef: { kind: GitRepository, name: flux-system }
  decryption: { provider: sops }
  postBuild: { substituteFrom: [{ kind: Secret, name: variables }] }
`,
    'clusters/one/web.yaml': `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: flux-system }
spec:
  interval: 1m
  targetNamespace: apps
  chart: { spec: { chart: ./charts/web, sourceRef: { kind: GitRepository, name: flux-system } } }
  valuesFrom: [{ kind: Secret, name: values }]
`,
    'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    'charts/web/values.yaml': 'password: none\n',
    'charts/web/templates/all.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: web, annotations: { note: {{ printf "pass %s" .Values.password | quote }} } }
data:
  plain: {{ .Values.password | quote }}
  encoded: {{ .Values.password | b64enc }}
  inside: {{ printf "me:%s@" .Values.password | b64enc }}
  query: {{ printf "p=%s" (.Values.password | urlquery) }}
---
apiVersion: v1
kind: Secret
metadata: { name: web }
data: { password: {{ .Values.password | b64enc }} }
`,
    'apps/kustomization.yaml': `resources: [all.yaml]
secretGenerator:
  - { name: generated, namespace: apps, literals: ["password=${secret}"], options: { disableNameSuffixHash: true } }
`,
    'apps/all.yaml': `apiVersion: v1
kind: ConfigMap
${meta('substituted')}
data: { url: "db://me:\${password}@host", json: '{"p":"\${password}"}' }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: apps, annotations: { password: "\${password}" } }
spec:
  selector: { matchLabels: { a: b } }
  template:
    metadata: { labels: { a: b } }
    spec: { containers: [{ name: c, image: i, args: ["--password=\${password}"], env: [{ name: P, value: "\${password}" }] }] }
---
apiVersion: v1
kind: Secret
${meta('plain')}
stringData: { password: '${secret}' }
---
apiVersion: v1
kind: Secret
${meta('encoded')}
data: { password: ${Buffer.from(secret).toString('base64')} }
`,
  };
}

interface Opened {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  write(secret: string): void;
}

function open(): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: folder,
      stdio: 'pipe',
    });
  const key = sops ? execFileSync(join(tools, 'age-keygen'), { stdio: 'pipe' }).toString() : '';
  const write = (secret: string) => {
    for (const [path, text] of Object.entries(files(secret))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    if (!sops) return;
    const file = join(folder, 'apps/closed.yaml');
    writeFileSync(file, `apiVersion: v1\nkind: Secret\n${meta('closed')}\nstringData: { password: '${secret}' }\n`);
    const recipient = /public key: (age1\S+)/.exec(key)![1]!;
    const words = ['encrypt', '--age', recipient, '--encrypted-regex', '^stringData$', '--in-place', file];
    execFileSync(join(tools, 'sops'), words, { stdio: 'pipe' });
    const list = join(folder, 'apps/kustomization.yaml');
    writeFileSync(list, readFileSync(list, 'utf8').replace('[all.yaml]', '[all.yaml, closed.yaml]'));
  };
  write(old);
  git('init', '--quiet');
  git('remote', 'add', 'origin', 'https://git.example.com/fleet.git');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'the fleet');
  const identity = /^AGE-SECRET-KEY-.*$/m.exec(key)?.[0];
  return { folder, write, env: identity === undefined ? {} : { SOPS_AGE_KEY: identity } };
}

test('58d: against a commit: text, JSON, Markdown; the problems of the fleet; what cannot be built', async () => {
  const { folder, env, write } = open();
  write(fresh);
  for (const format of ['text', 'json', 'markdown']) {
    const { out, err } = await invoke(diff, [folder, '-o', format], env);
    checkClean(`diff -o ${format}`, out + err);
    // What changed is seen all the same.
    for (const name of ['substituted', 'generated', 'plain', 'encoded', 'web', ...(sops ? ['closed'] : [])]) {
      expect(out).toContain(name);
    }
    expect(out).toContain('16 bytes');
  }
  for (const format of ['text', 'json', 'sarif']) {
    const { out, err } = await invoke(check, [folder, '-o', format], env);
    checkClean(`check -o ${format}`, out + err);
  }
  // A value that breaks the YAML it lands in, and one that a schema refuses.
  for (const broken of [`"${fresh}`, `{${fresh}`, `a: b: ${fresh}`]) {
    write(broken.replaceAll("'", ''));
    const all = join(folder, 'apps/all.yaml');
    writeFileSync(all, readFileSync(all, 'utf8').replace('"--password=${password}"', '${password}'));
    const { out, err } = await invoke(diff, [folder], env);
    checkClean(`diff of ${broken.slice(0, 2)}`, out + err);
  }
});

const never = new AbortController().signal;

async function planned({ folder, env }: Opened, cluster: FakeCluster, live?: Live): Promise<Plan> {
  const fleet = openFleet({
    words: [folder],
    options: {},
    cwd: folder,
    env: { HOME: '/nowhere', ...env },
    out: () => {},
    err: () => {},
    signal: never,
  });
  if (!('render' in fleet)) throw new Error(fleet.message);
  return planLive(cluster, await fleet.render(fleet.roots[0]!, never, live));
}

test('58d: against a cluster: the plan, its refusals, the events of an apply and its journal', async () => {
  const opened = open();
  const cluster = fakeCluster(
    ...live(
      ['flux-system', 'apps']
        .map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`)
        .join('---\n'),
    ),
  );
  // What was applied with the old value is live, kubectl's annotation with it.
  for (const entry of (await planned(opened, cluster)).groups.flatMap(({ entries }) => entries)) {
    const { object } = payloadOf(entry)!;
    const metadata = object.metadata as Record<string, unknown>;
    const annotation = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(object) };
    cluster.put({
      ...object,
      metadata: { ...metadata, annotations: { ...(metadata.annotations as object), ...annotation } },
    } as never);
  }
  opened.write(fresh);
  const refuses = (verb: string) => (asked: string, ref: { readonly name: string }) =>
    asked === verb && ref.name === 'substituted'
      ? {
          reason: 'denied' as const,
          message: `denied: "db://me:${fresh}@host" is not ${Buffer.from(fresh).toString('base64')}`,
        }
      : undefined;
  cluster.fault = refuses('dry-run');
  const refused = await planned(opened, cluster);
  cluster.fault = refuses('apply');
  const plan = await planned(opened, cluster);
  const nowhere = () => undefined;
  for (const one of [refused, plan]) {
    checkClean(
      'the text',
      planText(one, nowhere, (text) => text),
    );
    checkClean('the JSON', planJson([one], nowhere));
    checkClean('the Markdown', planMarkdown(one, { title: 'one', textOf: nowhere, limit: 1_000_000 }));
    checkClean(
      'the plan itself',
      JSON.stringify([one, dangersOf(one)], (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
    );
  }
  const state = join(opened.folder, 'state');
  const journal = journalFor('fake', { XDG_STATE_HOME: state });
  journal.begin();
  const timer = { now: () => 0, sleep: async () => {} };
  const events: unknown[] = [];
  for await (const event of applyPlan(cluster, plan, { timer, prune: 'all', wait: 'dependencies', by: 'tester' })) {
    events.push(event);
    journal.write(event);
  }
  expect(JSON.stringify(events)).toContain('"failed"');
  checkClean('the events', JSON.stringify(events));
  for (const name of readdirSync(join(state, 'sluice/applies'))) {
    checkClean('the journal', readFileSync(join(state, 'sluice/applies', name), 'utf8'));
  }
});

test('58d: a chart that looks its password up in the cluster, and one that draws it', async () => {
  const opened = open();
  const cluster = fakeCluster(
    ...live(`apiVersion: v1
kind: Namespace
metadata: { name: apps }
---
apiVersion: v1
kind: Namespace
metadata: { name: flux-system }
---
apiVersion: v1
kind: Secret
metadata: { name: looked-up, namespace: apps }
data: { password: ${Buffer.from(fresh).toString('base64')} }
`),
  );
  writeFileSync(
    join(opened.folder, 'charts/web/templates/looks.yaml'),
    `{{- $p := (lookup "v1" "Secret" "apps" "looked-up").data.password }}
{{- $drawn := randAlphaNum 10 }}
apiVersion: v1
kind: ConfigMap
metadata: { name: looks }
data:
  plain: {{ $p | b64dec | quote }}
  encoded: {{ $p }}
  part: {{ $p | b64dec | trunc 10 }}
  inside: {{ printf "me:%s@" ($p | b64dec) | b64enc }}
  query: {{ printf "p=%s" ($p | b64dec | urlquery) }}
  json: {{ (lookup "v1" "Secret" "apps" "").items | toJson | quote }}
  drawn: {{ $drawn }}
  url: db://me:{{ $drawn }}@host
`,
  );
  const inputs = createInputs(cluster, { keep: Number.POSITIVE_INFINITY, now: () => 0 });
  const plan = await planned(opened, cluster, { facts: { substitution: 'strict' }, inputs });
  const looks = plan.groups.flatMap(({ entries }) => entries).find(({ id }) => id.name === 'looks');
  expect(looks?.after).toMatchObject({ kind: 'ConfigMap', data: { drawn: '***', url: 'db://me:***@host' } });
  checkClean(
    'the text',
    planText(
      plan,
      () => undefined,
      (text) => text,
    ),
  );
  checkClean(
    'the JSON',
    planJson([plan], () => undefined),
  );
  checkClean(
    'the plan itself',
    JSON.stringify([plan, dangersOf(plan)], (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
  );
});
