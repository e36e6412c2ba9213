import { at, number, oneOf, readRows, text } from "./rows";

/** Constants of one family of a fitted table, by name. */
export type Constants<N extends string> = Readonly<Record<N, number>>;

/**
 * Read a table of fitted constants, one per row, into families.
 *
 * A family is named by its key columns joined with spaces; it must have every constant of `names`, each once. Where a
 * file holds families of several laws, `law` picks the rows whose column of that name says so.
 *
 * @throws Error naming file and line when a constant is unknown, doubled or no number, or a family lacks one.
 */
export function readConstants<N extends string>(
  file: string,
  keys: readonly string[],
  names: readonly N[],
  law?: string,
): ReadonlyMap<string, Constants<N>> {
  const families = new Map<string, Record<string, number>>();
  for (const row of readRows(file)) {
    if (law !== undefined && text(row, "law") !== law) continue;
    const key = keys.map((column) => text(row, column)).join(" ");
    const family = families.get(key) ?? {};
    const name = oneOf(row, "constant", names);
    if (family[name] !== undefined) throw new Error(`${at(row)}: ${name} of ${key} is given twice`);
    family[name] = number(row, "value");
    families.set(key, family);
  }
  if (families.size === 0) throw new Error(`${file}: expected constants${law === undefined ? "" : ` of the law ${law}`}, found none`);
  for (const [key, family] of families) {
    for (const name of names) if (family[name] === undefined) throw new Error(`${file}: ${key} has no ${name}`);
  }
  return families as unknown as ReadonlyMap<string, Constants<N>>;
}

/** The constants of one family. @throws RangeError naming the families there are. */
export function constantsOf<C>(families: ReadonlyMap<string, C>, key: string): C {
  const found = families.get(key);
  if (found === undefined) throw new RangeError(`no constants for ${key}; there are: ${[...families.keys()].join(", ")}`);
  return found;
}
