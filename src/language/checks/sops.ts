/**
 * Files that SOPS closed: a value in the clear where its rules say that there is none, on which every reader stops; and a
 * checksum that no longer fits. Flux does not look at the checksum and would apply what somebody changed.
 */
import { get, isIntact, type Mapping, plainValues, text } from '../../engine/index.ts';
import type { Diagnostic } from '../answer.ts';
import { roots } from '../subject.ts';
import type { Check } from './check.ts';

export const sops: Check = function* ({ file, openKey }) {
  const documents = roots(file);
  const first = documents[0];
  if (first === undefined || !isClosed(first)) return;
  for (const document of documents.filter(isClosed)) {
    for (const value of plainValues(document)) yield inTheClear(value.at);
    yield* commentRules(document);
  }
  if (openKey === undefined || !documents.every(isClosed) || isIntact(documents, openKey) !== false) return;
  const message =
    'this is not what SOPS encrypted: its checksum (mac) does not fit, so something was changed by hand. Flux does not check and would apply it';
  yield { code: 'sops-mac', severity: 'error', message, at: get(get(first, 'sops'), 'mac')!.at };
};

function isClosed(document: Mapping): boolean {
  return text(get(get(document, 'sops'), 'mac'))?.startsWith('ENC[') ?? false;
}

function inTheClear(at: Diagnostic['at'] & object): Diagnostic {
  const message = 'by its sops block this value is encrypted, and it is not: Flux cannot decrypt the document';
  return { code: 'sops-decrypt', severity: 'error', message, at };
}

/** Flux decrypts objects as JSON, which has no comments. */
function* commentRules(document: Mapping): Iterable<Diagnostic> {
  for (const field of ['encrypted_comment_regex', 'unencrypted_comment_regex']) {
    const rule = get(get(document, 'sops'), field);
    if (rule === undefined || !text(rule)) continue;
    const message = `${field} goes by comments, which are gone when Flux decrypts an object: use a rule about keys`;
    yield { code: 'sops-decrypt', severity: 'warning', message, at: rule.at };
  }
}
