/** The language room's place in the server: the schemas, and a file with all that is known about its folder. */
import { createSchemas, type WorkspaceFile } from '../engine/index.ts';
import { readData } from '../io/data.ts';
import { createKnowledge, type Knowledge } from '../language/index.ts';
import type { Files, Folder } from './files.ts';
import type { Session } from './session.ts';

/** A file of an open folder, as it is now. */
export interface Asked {
  readonly folder: Folder;
  readonly file: WorkspaceFile;
  readonly knowledge: Knowledge;
}

export interface Language {
  knowledge(folder: Folder): Knowledge;
  /** Undefined for files outside of every folder, and for those that are no manifests. */
  file(uri: string): Asked | undefined;
  /** Loads what CEL rules need; until then they are not judged. */
  prepare(): Promise<void>;
}

const made = new WeakMap<Files, Language>();

/** The one of this session: every handler that asks gets the same. */
export function languageOf(session: Rooms): Language {
  let language = made.get(session.files);
  if (language === undefined) {
    language = createLanguage(session);
    made.set(session.files, language);
  }
  return language;
}

type Rooms = Pick<Session, 'files' | 'workspace'> & Partial<Pick<Session, 'doors'>>;

function createLanguage({ files, workspace, doors }: Rooms): Language {
  const schemas = createSchemas(readData);
  const byFolder = new Map<string, ReturnType<typeof createKnowledge>>();
  const knowledge = (folder: Folder): Knowledge => {
    let make = byFolder.get(folder.uri);
    if (make === undefined) {
      make = createKnowledge(schemas);
      byFolder.set(folder.uri, make);
    }
    const known = make(workspace(folder));
    return {
      ...known,
      ...(doors?.openKey && { openKey: doors.openKey }),
      clusterInput: (query) => doors?.inputs?.()?.input(query),
      ...(doors && { releaseValues: (release) => doors.values(known.workspace, release) }),
    };
  };
  return {
    knowledge,
    file(uri) {
      const at = files.locate(uri);
      const known = at && knowledge(at.folder);
      const file = at && known?.workspace.file(at.path);
      return file === undefined ? undefined : { folder: at!.folder, file, knowledge: known! };
    },
    prepare: () => schemas.prepare(),
  };
}
