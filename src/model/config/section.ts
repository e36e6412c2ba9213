import { nearest } from "../../text/nearest";
import { ConfigError, shortened, shown } from "./error";
import { layerCountNames } from "./head-names";

/** One object of a configuration: its fields, and the path that messages name. */
export interface Section {
  readonly path: string;
  readonly fields: ReadonlyMap<string, unknown>;
  /** Where fields stand that an object inside holds. */
  readonly inside?: ReadonlyMap<string, string>;
}

const mostFields = 2000;

/**
 * Take a value as an object of a configuration. Only its own fields count, so a field `__proto__` or `constructor` is one like others.
 *
 * @throws ConfigError when it is no object, or has more fields than any configuration.
 */
export function sectionOf(value: unknown, path: string): Section {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError(path, `expected an object of fields${path === "" ? " (a Hugging Face config.json)" : ""}, got ${shown(value)}`);
  }
  const names = Object.keys(value);
  if (names.length > mostFields) {
    throw new ConfigError(path, `expected a configuration of at most ${mostFields} fields, got ${names.length}`);
  }
  return { path, fields: new Map(names.map((name) => [name, (value as Record<string, unknown>)[name]])) };
}

/** The full name of a field: `text_config.num_experts`. */
export function pathOf(section: Section, name: string): string {
  const own = section.inside?.get(name) ?? shortened(name);
  return section.path === "" ? own : `${section.path}.${own}`;
}

/** A section with the fields of some of its objects (DBRX: ffn_config) beside its own; its own come first. */
export function flattened(section: Section, names: readonly string[]): Section {
  const fields = new Map(section.fields);
  const inside = new Map<string, string>();
  for (const name of names) {
    for (const [field, value] of subsection(section, name)?.fields ?? []) {
      if (fields.has(field)) continue;
      fields.set(field, value);
      inside.set(field, `${name}.${shortened(field)}`);
    }
  }
  return { path: section.path, fields, inside };
}

/** The value of a field; null counts as absent. */
export function fieldOf(section: Section, name: string): unknown {
  return section.fields.get(name) ?? undefined;
}

/** Which of a field's names stands in a section, and its value. The first name is the usual one. */
export interface Found {
  readonly name: string;
  readonly value: unknown;
}

/**
 * Find a field under any of its names.
 *
 * @throws ConfigError when two names say different things.
 */
export function find(section: Section, names: readonly string[]): Found | undefined {
  let found: Found | undefined;
  for (const name of names) {
    const value = fieldOf(section, name);
    if (value === undefined) continue;
    if (found === undefined) found = { name, value };
    else if (typeof value !== "object" && value !== found.value) {
      throw new ConfigError(
        pathOf(section, name),
        `expected ${shown(found.value)} as in ${found.name}, which means the same, got ${shown(value)}`,
      );
    }
  }
  return found;
}

/** Bounds of a whole number. */
export interface Range {
  readonly least?: number;
  readonly most: number;
}

/**
 * A whole number under any of a field's names.
 *
 * @throws ConfigError when it is missing (with the nearest fields there are), no whole number, or out of range.
 */
export function count(section: Section, names: readonly string[], range: Range): number {
  return optionalCount(section, names, range) ?? missing(section, names, wholeNumber(range));
}

/** As count, but undefined where the field is absent or null. */
export function optionalCount(section: Section, names: readonly string[], range: Range): number | undefined {
  const found = find(section, names);
  return found === undefined ? undefined : inRange(found.value, pathOf(section, found.name), range);
}

/** Check one number that stands at a path. @throws ConfigError naming it. */
export function inRange(value: unknown, path: string, range: Range): number {
  const { least = 1, most } = range;
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    throw new ConfigError(path, `expected ${wholeNumber(range)}, got ${shown(value)}`);
  }
  // Nothing with a sign is a slip: it would be nothing.
  if (Object.is(value, -0)) throw new ConfigError(path, `expected a whole number from ${least}, got -0`);
  return value;
}

function wholeNumber({ least = 1, most }: Range): string {
  return `a whole number from ${least} to ${most}`;
}

/** A field that is true or false; undefined where it is absent. @throws ConfigError for any other value. */
export function flag(section: Section, names: readonly string[]): boolean | undefined {
  const found = find(section, names);
  if (found === undefined) return undefined;
  if (typeof found.value !== "boolean")
    throw new ConfigError(pathOf(section, found.name), `expected true or false, got ${shown(found.value)}`);
  return found.value;
}

/** A field that is a word; undefined where it is absent. @throws ConfigError for any other value. */
export function word(section: Section, names: readonly string[]): string | undefined {
  const found = find(section, names);
  if (found === undefined) return undefined;
  if (typeof found.value !== "string") throw new ConfigError(pathOf(section, found.name), `expected a text, got ${shown(found.value)}`);
  return found.value;
}

/** A field that is an object; undefined where it is absent. @throws ConfigError for any other value. */
export function subsection(section: Section, name: string): Section | undefined {
  const value = fieldOf(section, name);
  return value === undefined ? undefined : sectionOf(value, pathOf(section, name));
}

/** Give up over a field that is missing: say under which names it was looked for, and which fields are nearest. */
export function missing(section: Section, names: readonly string[], expected: string): never {
  const [usual, ...others] = names;
  const also = others.length === 0 ? "" : ` (also read as ${others.join(", ")})`;
  throw new ConfigError(pathOf(section, usual as string), `expected ${expected}${also}, got nothing${nearby(section, names)}`);
}

function nearby(section: Section, names: readonly string[]): string {
  const there = [...section.fields.keys()].filter((name) => name.length <= 64);
  if (there.length === 0) return "; there are no fields";
  return `; nearest of the fields there: ${nearest(names[0] as string, there).join(", ")}`;
}

/** A list with one entry a layer. @throws ConfigError for anything else. */
export function listOf(value: unknown, path: string, layers: number): readonly unknown[] {
  if (!Array.isArray(value))
    throw new ConfigError(path, `expected a list with one entry for each of ${layers} layers, got ${shown(value)}`);
  if (value.length !== layers) throw new ConfigError(path, `expected ${layers} entries, one a layer, got ${value.length}`);
  return value;
}

/** Whether a value switches nothing on. */
export function isOff(value: unknown): boolean {
  return value === undefined || value === false || value === 0 || value === "" || (Array.isArray(value) && value.length === 0);
}

/** The path of the name under which a field stands; of its usual one where it is absent. */
export function nameOf(section: Section, names: readonly string[]): string {
  return pathOf(section, find(section, names)?.name ?? (names[0] as string));
}

/** As optionalCount, but the field may also be a list with one entry a layer, all of the same number. */
export function optionalUniform(section: Section, names: readonly string[], range: Range): number | undefined {
  const found = find(section, names);
  if (found === undefined) return undefined;
  const path = pathOf(section, found.name);
  if (!Array.isArray(found.value)) return inRange(found.value, path, range);
  const layers = find(section, layerCountNames)?.value;
  if (typeof layers === "number") listOf(found.value, path, layers);
  const first = inRange(found.value[0], `${path}[0]`, range);
  const other = found.value.findIndex((value) => value !== first);
  if (other !== -1) throw new ConfigError(`${path}[${other}]`, `expected ${first} as in the first layer, got ${shown(found.value[other])}`);
  return first;
}

/** As optionalUniform, but an error where the field is absent. */
export function uniform(section: Section, names: readonly string[], range: Range): number {
  return optionalUniform(section, names, range) ?? missing(section, names, wholeNumber(range));
}
