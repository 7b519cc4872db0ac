/**
 * Texts that are shown nowhere: the forms in which a secret may stand in a longer text, and a text without any of them.
 * Whatever is printed, logged or sent to an editor goes through here, so that no room has a weaker rule of its own.
 */
import type { Node } from '../yaml/node.ts';

export const hidden = '***';

/** Below this length a secret is hidden only where it is the whole text: hiding every `1` would hide everything. */
export const wholeOnly = 4;

/** Shorter ones say nothing by themselves. */
const shortestPart = 8;

/** A part of this length is hidden whatever it is a part of. */
const longestPart = 24;

const made = new WeakMap<readonly string[], readonly string[]>();

/**
 * The secrets as they may appear: themselves, their lines, in JSON text, in a URL, and in base64 wherever in a longer text
 * they stand. Longest first, so that parts do not spoil the whole.
 */
export function formsOf(secrets: readonly string[]): readonly string[] {
  const known = made.get(secrets);
  if (known !== undefined) return known;
  const all = new Set<string>();
  for (const secret of secrets) {
    if (secret.trim() === '') continue;
    const lines = secret.split('\n').map((line) => line.trim());
    for (const one of [secret, secret.trim(), ...(lines.length > 1 ? lines : [])]) {
      if (one !== secret && one !== secret.trim() && one.length < wholeOnly) continue;
      for (const form of formsOfText(one)) all.add(form);
    }
  }
  const forms = [...all].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  made.set(secrets, forms);
  return forms;
}

function formsOfText(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  // As Go writes JSON into kubectl's annotation, and as it escapes a query.
  const html = json.replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  const url = escapedForUrl(text);
  return [text, encodeBase64(text), json, html, url, url.replaceAll('%20', '+'), ...insideBase64(text)];
}

function escapedForUrl(text: string): string {
  try {
    return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch {
    // A lone surrogate has no such form.
    return text;
  }
}

/** What base64 of `…text…` shows, whatever is around it: the groups of four that hold nothing else. */
function insideBase64(text: string): readonly string[] {
  if (text.length < 6) return [];
  return [0, 1, 2].flatMap((pad) => {
    const whole = encodeBase64('x'.repeat(pad) + text);
    const inner = whole.slice(pad === 0 ? 0 : 4, whole.length - (whole.endsWith('=') ? 4 : 0));
    return inner.length >= 6 ? [inner] : [];
  });
}

function encodeBase64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The text without the forms of any secret. */
export function hideForms(text: string, forms: readonly string[]): string {
  let out = text;
  for (const form of forms) {
    if (out === form) return hidden;
    if (form.length >= wholeOnly) out = out.replaceAll(form, hidden);
  }
  return out;
}

/** A sentence (a server's, a template's) without any of the secrets, nor a longer part of one, which it may quote. */
export function hideInMessage(message: string, secrets: readonly string[]): string {
  if (secrets.length === 0) return message;
  const whole = secrets.flatMap((secret) => [secret, encodeBase64(secret)]);
  return whole.reduce(withoutParts, hideForms(message, formsOf(secrets)));
}

/** Hides each run of characters that stands in the secret as well, in whatever case, and is half of it or long. */
function withoutParts(message: string, secret: string): string {
  const enough = Math.max(shortestPart, Math.min(Math.ceil(secret.length / 2), longestPart));
  if (secret.length < enough || message.length < enough) return message;
  const [said, whole] = [message.toLowerCase(), secret.toLowerCase()];
  // Other lengths in lower case: the places would not be the same.
  if (said.length !== message.length) return message;
  let [out, from] = ['', 0];
  for (let start = 0; start + enough <= message.length; ) {
    if (!whole.includes(said.slice(start, start + enough))) {
      start += 1;
      continue;
    }
    let end = start + enough;
    while (end < message.length && whole.includes(said.slice(start, end + 1))) end += 1;
    out += message.slice(from, start) + hidden;
    from = end;
    start = end;
  }
  return out + message.slice(from);
}

/** A tree without the secrets, in its keys as in its values; its places are kept, and a subtree without any is the same one. */
export function hideNode(node: Node, secrets: readonly string[]): Node {
  const forms = formsOf(secrets);
  if (forms.length === 0) return node;
  const hide = (at: Node): Node => {
    if (at.kind === 'sequence') {
      const items = at.items.map(hide);
      return items.some((item, i) => item !== at.items[i]) ? { ...at, items } : at;
    }
    if (at.kind === 'mapping') {
      const entries = at.entries.map(({ key, value }) => ({ key: hide(key) as typeof key, value: hide(value) }));
      const changed = entries.some(({ key, value }, i) => key !== at.entries[i]!.key || value !== at.entries[i]!.value);
      return changed ? { ...at, entries } : at;
    }
    const text = hideForms(at.text, forms);
    return text === at.text ? at : { ...at, text, tag: '!!str' };
  };
  return hide(node);
}

/** The sentences of problems without the secrets. */
export function hideInProblems<P extends { readonly message: string }>(
  problems: readonly P[],
  secrets: readonly string[],
): readonly P[] {
  if (secrets.length === 0) return problems;
  return problems.map((problem) => {
    const message = hideInMessage(problem.message, secrets);
    return message === problem.message ? problem : { ...problem, message };
  });
}
