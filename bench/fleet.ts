/** Fleets for measuring: the same files in every run, written to a temporary folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `count` applications, each a base of twenty resources and an overlay that changes all of them. */
export function writeFleet(root: string, count: number): readonly string[] {
  const overlays: string[] = [];
  for (let i = 0; i < count; i++) {
    const app = `app-${String(i).padStart(2, '0')}`;
    writeBase(join(root, 'apps', app, 'base'), [app], 4);
    writeOverlay(join(root, 'apps', app, 'overlays/prod'), app, `${app}-0`);
    write(join(root, 'clusters/prod', `${app}.yaml`), fluxKustomization(app));
    overlays.push(join(root, 'apps', app, 'overlays/prod'));
  }
  write(join(root, 'clusters/prod/flux-system/gotk-sync.yaml'), gitRepository);
  return overlays;
}

/** One overlay of `sets` times five resources: the base has one file for each five of them. */
export function writeLargeOverlay(root: string, sets: number): string {
  const names = Array.from({ length: sets / 4 }, (_, i) => `part-${String(i).padStart(3, '0')}`);
  writeBase(join(root, 'base'), names, 4);
  writeOverlay(join(root, 'overlay'), 'large', 'part-000-0', '../base');
  return join(root, 'overlay');
}

function writeBase(folder: string, names: readonly string[], sets: number): void {
  const files: string[] = [];
  for (const name of names) {
    for (let i = 0; i < sets; i++) {
      const file = `${name}-${i}.yaml`;
      files.push(file);
      write(join(folder, file), resources(`${name}-${i}`));
    }
  }
  write(
    join(folder, 'kustomization.yaml'),
    `${kustomizationHead}resources:\n${files.map((file) => `- ${file}\n`).join('')}`,
  );
}

function writeOverlay(folder: string, app: string, target: string, base = '../../base'): void {
  write(
    join(folder, 'kustomization.yaml'),
    `${kustomizationHead}namespace: ${app}
resources:
- ${base}
labels:
- pairs: {team: platform, app.kubernetes.io/part-of: ${app}}
  includeSelectors: true
commonAnnotations:
  example.com/owner: platform
images:
- name: registry.example.com/web
  newTag: 2.0.0
configMapGenerator:
- name: settings
  literals:
  - LEVEL=debug
  - REGION=eu-west-1
patches:
- path: replicas.yaml
- target: {kind: Service}
  patch: |-
    - op: replace
      path: /spec/ports/0/port
      value: 8081
`,
  );
  write(
    join(folder, 'replicas.yaml'),
    `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${target}
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: web
        env:
        - name: MODE
          value: production
`,
  );
}

const kustomizationHead = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';

/** Five resources that refer to each other. */
function resources(name: string): string {
  return `apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${name}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  config.yaml: |
    listen: 0.0.0.0:8080
    upstream: http://${name}.example.com
    timeouts: {read: 10s, write: 10s}
  LOG_LEVEL: info
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: {app: ${name}}
  ports:
  - name: http
    port: 80
    targetPort: http
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: {app: ${name}}
spec:
  replicas: 1
  selector:
    matchLabels: {app: ${name}}
  template:
    metadata:
      labels: {app: ${name}}
    spec:
      serviceAccountName: ${name}
      containers:
      - name: web
        image: registry.example.com/web:1.0.0
        args: ["--config", "/etc/web/config.yaml"]
        ports:
        - name: http
          containerPort: 8080
        envFrom:
        - configMapRef: {name: ${name}}
        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits: {memory: 256Mi}
        readinessProbe:
          httpGet: {path: /healthz, port: http}
          periodSeconds: 5
      volumes:
      - name: config
        configMap: {name: ${name}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: ${name}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${name}}
  minReplicas: 1
  maxReplicas: 5
`;
}

function fluxKustomization(app: string): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${app}
  namespace: flux-system
spec:
  interval: 10m
  path: ./apps/${app}/overlays/prod
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
`;
}

const gitRepository = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: flux-system
  namespace: flux-system
spec:
  interval: 1m
  url: https://git.example.com/fleet.git
  ref: {branch: main}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: flux-system
  namespace: flux-system
spec:
  interval: 10m
  path: ./clusters/prod
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
`;

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
