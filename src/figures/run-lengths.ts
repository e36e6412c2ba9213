import { accessFact } from "../data/accesses";
import { type Access, shareInRunsUpTo } from "../step/decode-accesses";
import { formatBytes, formatCount, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, layout, lengthTicks, line, linearAxis, logAxis, rule } from "./theme";

/** One step whose accesses are drawn. */
export interface StepAccesses {
  readonly name: string;
  readonly accesses: readonly Access[];
}

const lineColours = [colours.grey, colours.blue, colours.orange, colours.green, colours.purple];

/** What counts as a short run: 4 KiB, a page of memory. */
const short = 4096;

/** Of a step's bytes: what is less is not named as a cause of short runs. */
const leastShare = 0.01;

/**
 * What lies in runs of up to 4 KiB in each step, and whether weights of experts are among it.
 *
 * @example shortRunWords([{ name: "Llama-3-70B", accesses }]) // "Runs that short are: KV cache, one page of keys, or of values (Llama-3-70B). ..."
 */
export function shortRunWords(steps: readonly StepAccesses[]): string {
  const found = new Map<string, string[]>();
  for (const { name, accesses } of steps) {
    const total = accesses.reduce((sum, { bytes }) => sum + bytes, 0);
    const causes = accesses.filter(({ runBytes, bytes }) => runBytes <= short && bytes >= leastShare * total);
    for (const { tensor, run } of causes) {
      const cause = tensor === run ? tensor : `${tensor}, ${run}`;
      found.set(cause, [...(found.get(cause) ?? []), name]);
    }
  }
  if (found.size === 0) return "";
  const experts = [...found.keys()].some((cause) => cause.startsWith("routed expert"));
  const causes = [...found].map(([cause, names]) => `${cause} (${[...new Set(names)].join(", ")})`);
  return `Runs that short are: ${causes.join("; ")}. ${experts ? "Weights of experts are among them." : "Weights of experts are not among them."}`;
}

/**
 * Byte-weighted cumulative share of a step's traffic by run length, one line per step.
 *
 * @example runLengthsFigure([{ name: "DeepSeek-V3", accesses: decodeAccesses({ model: model("deepseek-v3"),
 *   hardware: hardware("h800-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 }) }]).caption
 */
export function runLengthsFigure(
  steps: readonly StepAccesses[],
  from = 32,
  to = 1e10,
  { colors = lineColours, conclusion = shortRunWords(steps) }: { readonly colors?: readonly string[]; readonly conclusion?: string } = {},
): Figure {
  const curves = steps.map(({ accesses }) => cumulative(accesses, from, to));
  const small = steps.map(({ name, accesses }) => `${name} ${formatShare(shareInRunsUpTo(accesses, short))}`).join(", ");
  const tiny = steps.map(({ name, accesses }) => `${name} ${formatShare(shareInRunsUpTo(accesses, 64))}`).join(", ");
  return {
    data: steps.map(({ name }, i) =>
      line(name, curves[i]?.x ?? [], curves[i]?.y ?? [], colors[i % colors.length] as string, {
        line: { color: colors[i % colors.length], width: 2.5, shape: "hv" },
      }),
    ),
    layout: layout({
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom" },
      xaxis: logAxis("Length of contiguous run", [from, to], lengthTicks([64, 4096, 65_536, 1e6, 3e7, 1e9])),
      yaxis: linearAxis("Share of bytes in runs up to this long (%)", [0, 102]),
      shapes: [rule("x", 64), rule("x", short)],
    }),
    title: `Share of a step's bytes in runs of up to 4 KiB: ${small}`,
    setting: `One GPU, one decode step; the cache in ${cachePageWords()}.`,
    caption: `Bytes that one GPU moves in a decode step, summed from the shortest runs to the longest. A line that rises on the left moves its bytes in small pieces. In runs of up to 4 KiB: ${small}. In runs of up to 64 B: ${tiny}.${conclusion === "" ? "" : ` ${conclusion}`}`,
    alt: `Cumulative byte share by run length. Up to 4 KiB: ${small}. Up to 64 B: ${tiny}. The longest run is ${formatBytes(Math.max(...steps.flatMap((s) => s.accesses.map((a) => a.runBytes))))}.`,
  };
}

/** In what pieces a cache is taken to lie: what engines have by default, keys and values of all heads of a GPU side by side. */
export function cachePageWords(): string {
  const [keys, latents] = [accessFact("gqa-page", "tokens"), accessFact("mla-page", "tokens")];
  return `pages of ${formatCount(keys)} tokens of keys or of values, or ${formatCount(latents)} of latents, as is assumed`;
}

function cumulative(
  accesses: readonly Access[],
  from: number,
  to: number,
): { readonly x: readonly number[]; readonly y: readonly number[] } {
  const lengths = [...new Set(accesses.map((a) => a.runBytes))].sort((a, b) => a - b);
  return { x: [from, ...lengths, to], y: [0, ...lengths.map((length) => 100 * shareInRunsUpTo(accesses, length)), 100] };
}
