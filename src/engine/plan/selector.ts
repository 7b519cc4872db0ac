/** Kubernetes label selectors: `a=b, c!=d, e in (f, g), h notin (i), j, !k`. */

/** Whether the labels match; an empty selector matches all, one that does not parse matches nothing. */
export function matchesSelector(selector: string, labels: Readonly<Record<string, string>>): boolean {
  if (selector.trim() === '') return true;
  return splitRequirements(selector).every((requirement) => matches(requirement.trim(), labels));
}

function splitRequirements(selector: string): readonly string[] {
  return selector.split(/,(?![^(]*\))/);
}

function matches(requirement: string, labels: Readonly<Record<string, string>>): boolean {
  const set = /^([^\s!=()]+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(requirement);
  if (set !== null) {
    const [, key, operator, values] = set as unknown as [string, string, string, string];
    const among = values.split(',').map((value) => value.trim());
    const value = labels[key];
    return operator === 'in'
      ? value !== undefined && among.includes(value)
      : value === undefined || !among.includes(value);
  }
  const equality = /^([^\s!=()]+)\s*(==|=|!=)\s*([^\s!=()]*)$/.exec(requirement);
  if (equality !== null) {
    const [, key, operator, value] = equality as unknown as [string, string, string, string];
    return operator === '!=' ? labels[key] !== value : labels[key] === value;
  }
  const absent = /^!\s*([^\s!=()]+)$/.exec(requirement);
  if (absent !== null) return labels[absent[1]!] === undefined;
  return /^[^\s!=()]+$/.test(requirement) && labels[requirement] !== undefined;
}
