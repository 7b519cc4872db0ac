/** Looking for a secret in what was printed, in every form in which it may stand there. */

/** Plain, in a URL, in JSON, in hex, and in base64 wherever in a longer text it stands, once and twice; then its first word. */
function formsOf(secret: string): readonly string[] {
  const inside = (text: string) =>
    [0, 1, 2].map((pad) =>
      Buffer.from('x'.repeat(pad) + text)
        .toString('base64')
        .slice(pad === 0 ? 0 : 4, -4),
    );
  const encoded = Buffer.from(secret).toString('base64');
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('hex'),
    ...inside(secret),
    ...inside(encoded),
    'canary',
    'CANARY',
  ];
}

/** A sentence for each secret that a text shows, with what stands around it. */
export function findCanary(channel: string, text: string, secrets: readonly string[]): readonly string[] {
  return secrets.flatMap((secret) => {
    const form = formsOf(secret).find((one) => text.includes(one));
    if (form === undefined) return [];
    const at = text.indexOf(form);
    return [`${channel} shows ${form}: …${text.slice(Math.max(0, at - 120), at + 60)}…`];
  });
}
