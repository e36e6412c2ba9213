import { weightFormat } from "../../machine/number-formats";
import type { Model } from "../../model/model";
import { tileRowBytes } from "../../step/decode-accesses";
import { formatCount, formatLength, formatShare } from "../../text/numbers";
import { articleDay } from "../known-by";
import type { Context } from "../parts/context";
import { definition, type Finding, fact, prevalence } from "../parts/finding";
import { reading } from "../parts/judge-part";
import type { ClaimRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { computedFor, overReleases, releasesName } from "../release-population";
import { narrowestFormat, weightBits } from "../rule-formats";

/** The larger of the article's two sizes. */
const articleBytes = 16_384;

/** Elements of a usual weight tile and of its row: 128 by 128, as V3 scales its weights. */
const tile = { elements: 128 * 128, row: 128 } as const;

/** The article's four sizes as tiles: elements and bytes per element. */
const sizes = [
  [128, 0.5, 64],
  [128 * 128, 1, 16_384],
  [2048, 2, 4096],
  [128 * 256, 2, 65_536],
] as const;

/**
 * Run lengths of the expert path, and of nothing else: pages of a cache are set by the allocator, not by experts. An access is read both
 * ways, what a kernel asks for and what memory holds, each in the format that a model is released in.
 */
export const accessSizeClaim: ClaimRule = {
  id: "0c",
  parts: [
    {
      id: "0c.run",
      statement: "A contiguous access to an expert's weights falls to 16 KiB or less.",
      stance: "asserts",
      scope: "weights of routed experts, in the narrowest format of the release: the author stacks FP8 and FP4 on it",
      kind: "definition",
      quantity: "bytes of one access",
      unit: "B",
      threshold: { atMost: articleBytes, reason: "the larger of the article's two sizes" },
      by: articleDay,
      stress: 3,
      grade: "D",
      judge: (c) =>
        definition([
          reading("a tile that a kernel asks for", runs(c, tileBytes)),
          reading("a matrix as it is stored", runs(c, storedBytes)),
        ]),
      say: ({ readings = [] }) => {
        const [asked, stored] = readings.map((r) => formatShare(r.probability ?? Number.NaN));
        return `tiles that kernels ask for fit 16 KiB in ${asked}, matrices as stored in ${stored} of models`;
      },
    },
    {
      id: "0c.sizes",
      statement: "The article's four sizes are tiles of usual shapes at 16, 8 and 4 bits.",
      stance: "asserts",
      scope: "arithmetic",
      kind: "fact",
      quantity: "of the four sizes, those that a usual tile gives",
      unit: "size",
      threshold: { atLeast: 4, reason: "all four" },
      by: articleDay,
      stress: 0,
      grade: "D",
      judge: () => {
        const same = sizes.filter(([elements, bytes, size]) => tileRowBytes(elements, bytes) === size).length;
        return fact(same === sizes.length, same, `${formatCount(same)} of ${sizes.length}`);
      },
      say: ({ holds }) => (holds ? "the article's sizes are exactly tiles" : ""),
    },
  ],
};

function runs(c: Context, bytes: (m: Model, format: string) => number): Finding {
  const format = (m: Model) => c.asked.weightFormat ?? narrowestFormat(m);
  const narrow = computedFor(c).filter((m) => c.asked.model !== undefined || weightBits(format(m)) <= 8);
  const all = overReleases(
    c.asked.model === undefined ? `${releasesName(c)} that come in 8 or 4 bits` : releasesName(c),
    narrow,
    (m) => bytes(m, format(m)),
    meets("B", { atMost: articleBytes }),
  );
  return prevalence(all, `${formatShare(all.share)} of ${formatCount(all.count)}, ${formatLength(all.median)} in the median`);
}

function tileBytes(_: Model, format: string): number {
  return tileRowBytes(tile.elements, weightBits(format) / 8);
}

/** The down matrix, the smaller of the two runs in which an expert is stored: up and gate lie in one. */
function storedBytes({ moeIntermediateSize, expertHiddenSize }: Model, format: string): number {
  return moeIntermediateSize * expertHiddenSize * weightFormat(format).weightBytes;
}
