/**
 * What the extension and the server say to each other beyond the language protocol: plain data, names and types only.
 * The server owns every decision; the extension shows what it is told and sends back what a person chose.
 */
import type { ApplyOutcome, ApplyStep, Left, PlacedName, PushView } from './apply.ts';
import type { PlanAgainst, PlanScope, PlanView, Revealed } from './plan.ts';
import type { ObjectName, TreeNode } from './tree.ts';

/** A place in a file that the editor can open. Lines and characters count from 0, in UTF-16 units. */
export interface Place {
  readonly uri: string;
  readonly line: number;
  readonly character: number;
  readonly endLine: number;
  readonly endCharacter: number;
}

/** Sent with `initialize`, as `initializationOptions`. */
export interface Start {
  /** The context chosen in this window; absent: the kubeconfig's current one. */
  readonly context?: string;
  readonly settings: Settings;
  /** A folder of the extension's own, for what it fetched. */
  readonly storage?: string;
  /** Whether the person trusts the workspace: without it no process is started and no cluster is talked to. */
  readonly trusted: boolean;
  /** Another extension reports YAML syntax errors, so that ours would only repeat them. */
  readonly yamlSyntaxElsewhere?: boolean;
}

/** The settings that the server follows; ids in `extension/contributions.ts`. */
export interface Settings {
  /** Kubeconfig files, overriding `KUBECONFIG` and `~/.kube/config`; empty: those. */
  readonly kubeconfig: string;
  /** A file with age or PGP private keys that open what SOPS closed; empty: what SOPS_AGE_KEY_FILE names. */
  readonly ageKeyFile?: string;
  /** Fetch charts that releases ask for and no open folder holds, as soon as they are asked for. */
  readonly fetchCharts?: boolean;
  /** Folders that sources stand for: `Kind/namespace/name` or a URL, and a path (from the open folder, or absolute). */
  readonly sources?: Readonly<Record<string, string>>;
  /** Contexts, by patterns such as `prod-*`, whose name has to be typed before anything is written to them. */
  readonly protectedContexts?: readonly string[];
  /** Contexts to which nothing is written at all. */
  readonly readOnlyContexts?: readonly string[];
}

export interface ContextChoice {
  readonly name: string;
  readonly server: string;
  readonly namespace: string;
  readonly user: string;
}

export interface Contexts {
  readonly contexts: readonly ContextChoice[];
  /** The context that this window shows, when there is one. */
  readonly chosen?: string;
  /** The files that were read, as a person would name them. */
  readonly files: readonly string[];
  /** What was wrong with them: unreadable, not YAML, no context. */
  readonly problems: readonly string[];
}

/** How the connection to the chosen context is. `message` is a sentence for a person. */
export interface ClusterState {
  /** `lost`: it was connected, and is tried again; what was known is shown as stale. */
  readonly state:
    | 'untrusted'
    | 'no-kubeconfig'
    | 'no-context'
    | 'idle'
    | 'connecting'
    | 'connected'
    | 'lost'
    | 'failed';
  readonly context?: string;
  readonly server?: string;
  readonly message: string;
  /** Whether the settings or the environment keep the context from being written to; absent: they do not. */
  readonly protection?: 'protected' | 'read-only';
  /** The setting or the environment variable that says so. */
  readonly protectedBy?: string;
}

export type FluxAction = 'reconcile' | 'reconcile-with-source' | 'suspend' | 'resume';

export interface Outcome {
  readonly ok: boolean;
  /** Nothing went wrong but a person should know: the object is suspended, say. */
  readonly warning?: boolean;
  /** The person stopped it: that is no news to them. */
  readonly canceled?: boolean;
  readonly message: string;
}

/** What a preview builds: a directory as `kustomize build` does, or a Flux object as its controller does. */
export type PreviewOf =
  | { readonly kind: 'kustomize'; readonly uri: string }
  | { readonly kind: 'flux'; readonly uri: string; readonly line?: number }
  | { readonly kind: 'flux-object'; readonly object: ObjectName }
  | ReleasePreview;

/** A HelmRelease, by the line or by the file that declares it or that it reads, or by its name in the cluster. */
export type ReleasePreview = {
  readonly kind: 'release';
  /** What it installs, or the values that its chart is rendered with. */
  readonly show: 'objects' | 'values';
} & ({ readonly uri: string; readonly line?: number } | { readonly object: ObjectName });

export interface Preview {
  /** The virtual document to open; absent when there is nothing to build, and then `message` says why. */
  readonly uri?: string;
  readonly message?: string;
  /** More than one Flux object builds this file: the person chooses one of these documents. */
  readonly choices?: readonly { readonly label: string; readonly description: string; readonly uri: string }[];
}

/** Virtual documents: what the server renders, under URIs that it makes and only it reads. */
export interface VirtualDocument {
  readonly text: string;
}

/** Method → [parameters, result]. Cancellation and errors are the language protocol's own. */
export interface Requests {
  'sluice/contexts': [object, Contexts];
  'sluice/chooseContext': [{ readonly context: string }, ClusterState];
  'sluice/clusterState': [object, ClusterState];
  /** Connects again and lists anew. */
  'sluice/refresh': [object, ClusterState];
  /** The children of a node, or the roots. */
  'sluice/children': [{ readonly id?: string }, readonly TreeNode[]];
  /** The Flux objects of the cluster, for commands that start from the palette. */
  'sluice/fluxObjects': [object, readonly TreeNode[]];
  /** `confirmed` is the context's name as the person typed it: a protected context wants it. */
  'sluice/act': [
    { readonly action: FluxAction; readonly object: PlacedName; readonly run: string; readonly confirmed?: string },
    Outcome,
  ];
  /** The line of the workspace that declares an object. */
  'sluice/declaration': [{ readonly object: ObjectName }, { readonly place?: Place; readonly message?: string }];
  /** The URI of a live object as YAML. */
  'sluice/live': [{ readonly object: ObjectName }, { readonly uri: string }];
  'sluice/plan': [
    { readonly against: PlanAgainst; readonly scope?: PlanScope; readonly cluster?: string; readonly run: string },
    PlanView,
  ];
  /** The masked values of one entry of the current plan. */
  'sluice/reveal': [{ readonly plan: string; readonly entry: string }, Revealed];
  'sluice/forgetPlan': [object, null];
  /** Applies entries of the current plan. Refused when the plan is no longer true. */
  'sluice/apply': [
    { readonly plan: string; readonly entries: readonly string[]; readonly run: string; readonly confirmed?: string },
    ApplyOutcome,
  ];
  /** What `sluice/push` would commit and where to; asks the remote, writes nothing. */
  'sluice/pushPlan': [object, PushView | { readonly message: string }];
  /** Commits and pushes exactly what was shown, has Flux fetch it, resumes what Sluice suspended, and follows it. */
  'sluice/push': [
    { readonly shown: PushView; readonly text: string; readonly run: string; readonly confirmed?: string },
    Outcome,
  ];
  /** Follows a commit (absent: HEAD) until its workloads are ready. Writes nothing. */
  'sluice/follow': [{ readonly commit?: string; readonly run: string }, Outcome];
  /** What applies have left behind in the chosen cluster. */
  'sluice/left': [object, Left];
  /** The person has seen what an unfinished apply left: its journal goes. */
  'sluice/forgetUnfinished': [object, null];
  'sluice/preview': [{ readonly of: PreviewOf }, Preview];
  /** Fetches every chart that the releases of the workspace ask for. */
  'sluice/fetchCharts': [{ readonly run: string }, Outcome];
  'sluice/document': [{ readonly uri: string }, VirtualDocument];
  /** The source line of a line of a virtual document. */
  'sluice/sourceOf': [
    { readonly uri: string; readonly line: number; readonly character: number },
    { readonly places: readonly Place[] },
  ];
  /** The lines of a virtual document that a source line is rendered to. */
  'sluice/renderedOf': [
    { readonly uri: string; readonly line: number; readonly into: string },
    { readonly places: readonly Place[] },
  ];
}

/** What a kubeconfig that lies in an open folder wants to do with the person's rights. */
export interface Approval {
  readonly kind: 'command' | 'file';
  /** The whole command line, or the file's path. */
  readonly what: string;
  readonly user: string;
  readonly kubeconfig: string;
}

/** What the server asks the person; method → [parameters, answer]. */
export interface ServerRequests {
  'sluice/approve': [Approval, boolean];
}

export interface ServerNotifications {
  /** These nodes (or, without ids, the whole tree) have other children or another look now. */
  'sluice/treeChanged': { readonly ids?: readonly string[] };
  'sluice/clusterChanged': ClusterState;
  'sluice/planChanged': PlanView;
  'sluice/leftChanged': Left;
  'sluice/applyStep': { readonly run: string; readonly step: ApplyStep };
  /** The virtual documents whose URI has one of these queries read differently now. */
  'sluice/documentsChanged': { readonly queries: readonly string[] };
  'sluice/progress': {
    readonly run: string;
    readonly message: string;
    readonly done?: number;
    readonly total?: number;
  };
}

export interface ClientNotifications {
  'sluice/collapsed': { readonly id: string };
  'sluice/trusted': object;
  'sluice/settings': Settings;
}
