/** The shape of a check: one file in this folder, one line in `index.ts`. */
import type { Diagnostic } from '../answer.ts';
import type { Subject } from '../subject.ts';

export type Check = (subject: Subject) => Iterable<Diagnostic>;
