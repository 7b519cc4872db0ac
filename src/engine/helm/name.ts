/** Which names a release may have. */
import { quote } from '../go/strconv.ts';

const pattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
const longest = 53;

/** What Helm says of a name that it does not take. */
export function wrongName(name: string): string | undefined {
  if (name.length <= longest && new RegExp(pattern).test(name)) return undefined;
  const rule = `must match regex ${pattern} and the length must not be longer than ${longest}`;
  return `release name check failed: release name ${quote(name)}: invalid release name, ${rule}`;
}
