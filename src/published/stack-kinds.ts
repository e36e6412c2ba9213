import { type Block, isMixer, type Mixer } from "../model/blocks";
import { cutMixer } from "../model/mixers/mixers";
import { isMoe, type Model } from "../model/model";
import { models } from "../model/registry";
import { type AttentionMeasurement, attentionTimes } from "./attention-times";

/** A kind of attention, in the field's words, and which mixers are of it. */
interface Kind {
  readonly name: string;
  readonly of: (mixer: Mixer, model: Model) => boolean;
}

const kinds: readonly Kind[] = [
  { name: "dense, grouped", of: (mixer, model) => !isMoe(model) && mixersOf(model).every(isPlain) && isPlain(mixer) },
  { name: "windows", of: (mixer) => mixer.kind === "grouped" && mixer.window !== undefined },
  { name: "MLA", of: (mixer) => mixer.kind === "latent" && mixer.indexer === undefined },
  { name: "DSA", of: (mixer) => mixer.kind === "latent" && mixer.indexer?.scores === true },
  { name: "CSA", of: (mixer) => mixer.kind === "compressed" && mixer.indexer?.scores === true },
  { name: "HCA", of: (mixer) => mixer.kind === "compressed" && mixer.indexer === undefined && mixer.compressionRatio > 1 },
  { name: "block selection", of: (mixer) => mixer.kind === "block-selected" },
  { name: "KDA", of: (mixer) => mixer.kind === "linear" && mixer.family === "kimi-delta" },
  { name: "Gated DeltaNet", of: (mixer) => mixer.kind === "linear" && mixer.family === "gated-delta" },
];

const isPlain = (mixer: Mixer): boolean => mixer.kind === "grouped" && mixer.window === undefined && mixer.keyValueHeads < mixer.heads;

const mixersOf = ({ runs }: Model): readonly Mixer[] => runs.flatMap(({ blocks }) => (blocks as readonly Block[]).filter(isMixer));

/** One model for a kind of attention, its mixer, and what was measured of that very mixer. */
export interface StackKind {
  readonly kind: string;
  readonly model: Model;
  /** Whole, as in the model. */
  readonly block: Mixer;
  /** GPUs that the measured mixer is cut over; those asked for where none was measured. */
  readonly tensorParallel: number;
  /** Of one kernel in one format; decode of one token, at the requests asked for. */
  readonly measured: readonly AttentionMeasurement[];
}

/**
 * One model of the registry for each kind of attention, by a rule: of the models whose stack holds such a mixer the one that was timed
 * at most contexts of a thousand tokens and more on the machine at so many requests, the first released of those that are level. Timed
 * means: the mixer cut over `tensorParallel` GPUs, or over half, a quarter and so on where no row has that many; by one kernel in one
 * format, a whole layer before a core, the one with most contexts. Of a mixer that keeps a state, the recurrence.
 *
 * @example stackKinds("b200-sxm", 16, 8).find(({ kind }) => kind === "DSA").measured.length // above 3
 */
export function stackKinds(machineId: string, requests: number, tensorParallel: number): readonly StackKind[] {
  const rows = attentionTimes().filter(
    (row) =>
      row.machine === machineId &&
      row.requests === requests &&
      row.phase === "decode" &&
      row.newTokens === 1 &&
      (row.part === "recurrence" || (row.part !== "convolution" && row.contextTokens >= shortest)) &&
      !row.geometry.includes("skipped"),
  );
  const byMixer = groupBy(rows, ({ mixer, hiddenSize, part }) => mixerKey(mixer, part === "layer" ? hiddenSize : 0));
  return kinds.flatMap(({ name, of }): StackKind[] => {
    const holders = models()
      .map((model) => ({ model, block: mixersOf(model).find((mixer) => of(mixer, model)) }))
      .filter((holder): holder is { model: Model; block: Mixer } => holder.block !== undefined)
      .sort((a, b) => (a.model.released < b.model.released ? -1 : 1));
    for (let degree = tensorParallel; degree >= 1; degree = Math.floor(degree / 2)) {
      const timed = holders
        .map((holder) => ({ kind: name, ...holder, tensorParallel: degree, measured: measuredOf(holder, degree, byMixer) }))
        .sort((a, b) => b.measured.length - a.measured.length)[0];
      if (timed !== undefined && timed.measured.length > 0) return [timed];
    }
    const first = holders[0];
    return first === undefined ? [] : [{ kind: name, ...first, tensorParallel, measured: [] }];
  });
}

/** Contexts below this one are all start and no reading. */
const shortest = 1000;

type ByMixer = ReadonlyMap<string, readonly AttentionMeasurement[]>;

/** Rows of a mixer on one GPU among so many: of the kernel and format that has most contexts, in their order. */
function measuredOf({ model, block }: { model: Model; block: Mixer }, degree: number, rows: ByMixer): readonly AttentionMeasurement[] {
  const own = cut(block, degree);
  if (own === undefined) return [];
  const here = [...(rows.get(mixerKey(own, 0)) ?? []), ...(rows.get(mixerKey(own, model.hiddenSize)) ?? [])];
  const asked = groupBy(here, ({ part, kernel, cacheFormat, arithmetic }) => [part, kernel, cacheFormat, arithmetic].join(" "));
  const most = [...asked].sort(([a, these], [b, those]) => weight(those) - weight(these) || (a < b ? -1 : 1))[0]?.[1] ?? [];
  return [...most].sort((a, b) => a.contextTokens - b.contextTokens);
}

/** Whole layers before cores, then more contexts. */
const weight = (rows: readonly AttentionMeasurement[]): number => rows.length + (rows[0]?.part === "layer" ? 1000 : 0);

function cut(block: Mixer, degree: number): Mixer | undefined {
  try {
    return cutMixer(block, degree);
  } catch {
    return undefined;
  }
}

/** What decides the time of a mixer: its sizes; not where its cache is from, nor a gate, which the timed calls leave out. */
function mixerKey(mixer: Mixer, hiddenSize: number): string {
  const sizes = (record: object): string =>
    Object.entries(record)
      .filter(([name, value]) => value !== undefined && !["gate", "cacheSource", "valueHeadDim"].includes(name))
      .map(([name, value]) => `${name} ${typeof value === "object" ? sizes(value) : value}`)
      .sort()
      .join(", ");
  return `${sizes(mixer)}; ${hiddenSize}`;
}

function groupBy<T>(rows: readonly T[], key: (row: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group === undefined) groups.set(key(row), [row]);
    else group.push(row);
  }
  return groups;
}
