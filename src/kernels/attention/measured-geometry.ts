import { at, type Row, readRows, text } from "../../data/rows";
import { formatCount } from "../../text/numbers";
import { type FamilyKey, familyColumns, familyName } from "./attention-families";
import { type Geometry, type GeometrySize, geometrySizes } from "./geometry";

/** Between which sizes a family's rows lie. */
export type MeasuredSizes = { readonly [S in GeometrySize]?: { readonly least: number; readonly most: number } };

let table: ReadonlyMap<string, MeasuredSizes> | undefined;

/** What was measured for a family, from data/attention-geometries.csv. @throws Error naming file and line of a broken row. */
export function measuredSizes(family: FamilyKey): MeasuredSizes {
  table ??= readSizes();
  return table.get(familyName(family)) ?? {};
}

function readSizes(): ReadonlyMap<string, MeasuredSizes> {
  const found = new Map<string, MeasuredSizes>();
  for (const row of readRows("attention-geometries.csv")) {
    const name = familyColumns.map((column) => row.cells[column]).join(" | ");
    if (found.has(name)) throw new Error(`${at(row)}: ${name} is given twice`);
    found.set(
      name,
      Object.fromEntries(
        text(row, "sizes")
          .split(" ")
          .map((pair) => sizeOf(row, pair)),
      ),
    );
  }
  return found;
}

/** A size and its range, as "heads=1..128", or "taps=4" where there is one value. */
function sizeOf(row: Row, pair: string): readonly [GeometrySize, { readonly least: number; readonly most: number }] {
  const [, size, from, to] = /^(\w+)=(\d+)(?:\.\.(\d+))?$/.exec(pair) ?? [];
  const [least, most] = [Number(from), Number(to ?? from)];
  if (size === undefined || !(size in geometrySizes) || !(least <= most))
    throw new Error(`${at(row)}: expected sizes as heads=1..128 of ${Object.keys(geometrySizes).join(", ")}; got "${pair}"`);
  return [size as GeometrySize, { least, most }];
}

/**
 * The sizes of a mixer that lie outside what was measured for a family of kernels, in words; undefined where none does.
 *
 * Between measured sizes the law stands in for what lies between; beyond them it is carried on, and the kernel may be another.
 */
export function outsideOf(family: FamilyKey, geometry: Geometry): string | undefined {
  const measured = measuredSizes(family);
  const words = (Object.keys(geometry) as GeometrySize[]).flatMap((size) => {
    const [value, range] = [geometry[size] as number, measured[size]];
    if (range === undefined || (value >= range.least && value <= range.most)) return [];
    const { least, most } = range;
    const known = least === most ? formatCount(least) : `${formatCount(least)} to ${formatCount(most)}`;
    return [`${geometrySizes[size]} ${formatCount(value)} (measured ${known})`];
  });
  return words.length === 0 ? undefined : words.join(", ");
}
