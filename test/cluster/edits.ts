/** Edits of one line that a person or a tired hand could make, the same ones in every run. */
export interface LineEdit {
  readonly file: string;
  /** From 0. */
  readonly line: number;
  readonly was: string;
  /** Absent: the line is taken out. */
  readonly now?: string;
}

const values = ['changed', '7', 'true', '""', 'null', '[]', '{a: b}', "'on'", '1.50', '10m'];

/** `count` edits of the files (path → text), chosen by a simple generator from `seed`. */
export function lineEdits(files: Readonly<Record<string, string>>, count: number, seed: number): readonly LineEdit[] {
  let state = seed;
  const pick = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  const lines = Object.entries(files).flatMap(([file, text]) =>
    text
      .split('\n')
      .flatMap((was, line) => (/^\s*(#|$|---|(- )?(apiVersion|kind):)/.test(was) ? [] : [{ file, line, was }])),
  );
  return Array.from({ length: count }, () => {
    const one = lines[pick(lines.length)]!;
    const entry = /^(\s*(?:- )?[\w./-]+:\s+)\S/.exec(one.was);
    return entry === null || pick(5) === 0 ? one : { ...one, now: `${entry[1]}${values[pick(values.length)]}` };
  });
}
