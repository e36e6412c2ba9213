import { accessFact } from "../data/accesses";
import { type WeightFormatName, weightFormat } from "../machine/number-formats";
import type { Model } from "../model/model";
import { type Access, decodeAccesses, tileRowBytes } from "../step/decode-accesses";
import { formatBytes } from "../text/numbers";
import type { Figure } from "./figure";
import { band, colours, label, layout, lengthTicks, line, logAxis, points, rule } from "./theme";

/** Marks of different sizes, the largest first and open: where runs are as long in every format all three are seen. */
const formats: readonly {
  readonly format: WeightFormatName;
  readonly name: string;
  readonly symbol: string;
  readonly size: number;
  readonly color: string;
}[] = [
  { format: "bfloat16", name: "BF16", symbol: "circle-open", size: 14, color: colours.grey },
  { format: "fp8_block", name: "FP8", symbol: "diamond", size: 10, color: colours.blue },
  { format: "nvfp4", name: "FP4", symbol: "square", size: 5, color: colours.orange },
];

/** Where a tensor's runs stand, by format. */
export interface Rung {
  readonly tensor: string;
  /** In the order BF16, FP8, FP4. */
  readonly runBytes: readonly number[];
}

/** The contiguous runs of every tensor of a decode step, shortest first; then the tile rows a kernel asks for. */
export function accessRungs(model: Model, requestsPerGpu: number, contextTokens: number, expertParallel: number): readonly Rung[] {
  const step = { model, requestsPerGpu, contextTokens, expertParallel };
  const inFormat = (format: WeightFormatName) => [
    ...decodeAccesses({ ...step, weightFormat: format }),
    ...(!model.runs.some(({ blocks }) => blocks.some(({ kind }) => kind === "latent"))
      ? []
      : decodeAccesses({ ...step, weightFormat: format, attention: "sparse" })),
  ];
  const tensors = [...new Set(inFormat("bfloat16").map(({ tensor }) => tensor))];
  const rungs = tensors.map((tensor) => ({
    tensor,
    runBytes: formats.map(({ format }) => runOf(tensor, inFormat(format))),
  }));
  const row = { tensor: "row of a weight tile, 128 wide", runBytes: formats.map(({ format }) => tileRowBytes(128, elementBytes(format))) };
  const tile = { tensor: "weight tile, 128 by 128", runBytes: formats.map(({ format }) => 128 * tileRowBytes(128, elementBytes(format))) };
  const known = [
    ["DRAM sector", "dram-sector"],
    ["cache line", "cache-line"],
    ["row of a lookup memory (Engram)", "engram-row"],
  ] as const;
  const published = known.map(([tensor, access]) => ({ tensor, runBytes: formats.map(() => accessFact(access, "bytes")) }));
  return [...rungs, ...published, row, tile].sort((a, b) => inFp8(a) - inFp8(b));
}

/** How long the runs of a tensor are among a step's accesses; every format moves the same tensors. */
function runOf(tensor: string, accesses: readonly Access[]): number {
  const access = accesses.find((a) => a.tensor === tensor);
  if (access === undefined) throw new RangeError(`no access of ${tensor}: expected one in every number format`);
  return access.runBytes;
}

const inFp8 = ({ runBytes }: Rung): number => runBytes[1] as number;

/**
 * Contiguous run lengths on one axis, from the smallest piece that memory moves to a whole expert.
 *
 * @example accessLadderFigure(model("deepseek-v3"), 128, 4096, 128).caption
 */
export function accessLadderFigure(model: Model, requestsPerGpu: number, contextTokens: number, expertParallel: number): Figure {
  const rungs = accessRungs(model, requestsPerGpu, contextTokens, expertParallel);
  const sector = accessFact("dram-sector", "bytes");
  const cacheLine = accessFact("cache-line", "bytes");
  const page = accessFact("memory-page", "bytes");
  const largest = largestWeights(rungs);
  const longest = rungs.at(-1) as Rung;
  const rows = rungs.map((_, i) => i);
  const below = rungs.filter((r) => inFp8(r) < page).map((r) => r.tensor);
  return {
    data: [
      ...rungs.map((r, i) =>
        line(r.tensor, [Math.min(...r.runBytes), Math.max(...r.runBytes)], [i, i], colours.mist, { hoverinfo: "skip", showlegend: false }),
      ),
      ...formats.map(({ name, symbol, size, color }, f) =>
        points(
          name,
          rungs.map((r) => r.runBytes[f] as number),
          rows,
          color,
          {
            marker: { color, size, symbol, line: { color, width: 1.5 } },
            text: rungs.map((r) => `${r.tensor}, ${name}: ${formatBytes(r.runBytes[f] as number)}`),
            hoverinfo: "text",
          },
        ),
      ),
      ...(["middle left", "middle right"] as const).map((side) => names(rungs, side)),
    ],
    layout: layout({
      meta: "rows",
      height: 120 + 24 * rungs.length,
      margin: { l: 20, r: 20, t: 44, b: 58 },
      showlegend: true,
      legend: { orientation: "h", x: 1, xanchor: "right", y: 1, yanchor: "bottom" },
      xaxis: logAxis(
        "Length of one contiguous run",
        [16, 2 * Math.max(1e9, ...rungs.flatMap((r) => r.runBytes))],
        lengthTicks([32, 256, 4096, 65_536, 1e6, 1e7, 1e8, 1e9]),
      ),
      yaxis: { range: [-0.7, rungs.length - 0.3], visible: false },
      shapes: [rule("x", sector), rule("x", cacheLine), rule("x", page), band("x", 64, 16_384, colours.yellow, 0.12)],
      annotations: [
        label(
          "the article: 64 B to 16 KB",
          { x: 64, y: 1 },
          { yref: "paper", xanchor: "left", yanchor: "bottom", font: { size: 11, color: colours.brown } },
          "x",
        ),
      ],
    }),
    title: largest.replace(/\.$/, ""),
    setting: `${model.name} in decode: ${requestsPerGpu} requests per GPU with ${contextTokens.toLocaleString("en-US")} tokens of context, experts over ${expertParallel} GPUs.`,
    caption: `Every tensor that a decode step of ${model.name} touches, by the length of the runs in which it lies in memory, for weights in BF16, FP8 and FP4 (which keeps all but the routed experts in BF16). Dotted: the ${sector} B sector, the ${cacheLine} B line, the 4 KiB page. Shaded: the sizes the article expects. ${largest} Below a page: ${below.join(", ")}. The 64 B of the article is the row of a tile in FP4: a way of asking, not a way of storing.`,
    alt: `Contiguous runs of ${model.name} in decode range up to ${formatBytes(inFp8(longest))} (${longest.tensor}); ${largest} Below 4 KiB: ${below.join(", ")}.`,
  };
}

/** How long the runs of the experts' matrices are, or of the feed-forward part where there are no experts. */
function largestWeights(rungs: readonly Rung[]): string {
  const runsOf = (part: string) => rungs.filter((r) => r.tensor.startsWith(part)).map(inFp8);
  const experts = runsOf("routed expert");
  const [what, runs] = experts.length > 0 ? ["a routed expert", experts] : ["the feed-forward part", runsOf("dense feed-forward")];
  return `The matrices of ${what} lie in runs of up to ${formatBytes(Math.max(...runs))} in FP8.`;
}

/** Each rung's name stands beside its marks, on the side that has room. */
function names(rungs: readonly Rung[], side: "middle left" | "middle right"): Record<string, unknown> {
  const here = rungs.flatMap((r, i) => (r.runBytes.every((bytes) => bytes > 5e5) === (side === "middle left") ? [{ r, i }] : []));
  const x = here.map(({ r }) => (side === "middle left" ? Math.min(...r.runBytes) / 2.3 : Math.max(...r.runBytes) * 2.3));
  return {
    type: "scatter",
    mode: "text",
    x,
    y: here.map(({ i }) => i),
    text: here.map(({ r }) => r.tensor),
    textposition: side,
    textfont: { size: here.map(() => 12) },
    cliponaxis: false,
    hoverinfo: "skip",
    showlegend: false,
  };
}

function elementBytes(format: WeightFormatName): number {
  const { weightBytes } = weightFormat(format);
  return weightBytes >= 1 ? Math.floor(weightBytes) : 0.5;
}
