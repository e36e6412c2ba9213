import { type FamilyKey, familyColumns, familyName, mixerFamilies, workOf } from "../kernels/attention/attention-families";
import { type GeometrySize, geometryOf } from "../kernels/attention/geometry";
import { hardware } from "../machine/hardware";
import type { AttentionMeasurement } from "./attention-times";

/** The table of what was measured for each fitted family of attention kernels, data/attention-geometries.csv: a family a row. */
export function attentionGeometriesCsv(rows: readonly AttentionMeasurement[]): string {
  const found = new Map<string, { key: FamilyKey; sizes: Map<GeometrySize, { least: number; most: number }> }>();
  const fitted = new Set(mixerFamilies().map(familyName));
  for (const { mixer, part, phase, kernel, machine, cacheFormat, arithmetic } of rows) {
    const key = { work: workOf(mixer, part), phase, kernel, generation: hardware(machine).generation, cacheFormat, arithmetic };
    const name = familyName(key);
    if (!fitted.has(name)) continue;
    const { sizes } = found.get(name) ?? found.set(name, { key, sizes: new Map() }).get(name) ?? { sizes: new Map() };
    for (const [size, value] of Object.entries(geometryOf(mixer, part, phase)) as [GeometrySize, number][]) {
      const { least, most } = sizes.get(size) ?? { least: value, most: value };
      sizes.set(size, { least: Math.min(least, value), most: Math.max(most, value) });
    }
  }
  const lines = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { key, sizes }]) => {
      const ranges = [...sizes].map(([size, { least, most }]) => `${size}=${least}${most > least ? `..${most}` : ""}`);
      return [...familyColumns.map((column) => key[column]), ranges.join(" ")].join(",");
    });
  const head = "# Written by npm run fit: between which sizes the rows of data/measurements/attention-*.csv lie, by family of kernels.";
  return `${[head, `${familyColumns.join(",")},sizes`, ...lines].join("\n")}\n`;
}
