import { accessFact } from "../../data/accesses";
import type { Figure } from "../../figures/figure";
import { colours, layout, lengthTicks, line, logAxis, points } from "../../figures/theme";
import type { Hardware } from "../../machine/hardware";
import { accessEfficiency } from "../../machine/random-access";
import { rowBandwidth, rowMemory } from "../../step/tiers";
import { formatBytes, formatLength, formatNumber, formatShare } from "../../text/numbers";
import { decadeTicks, legendBelow, rangeOf } from "./axes";
import { type GatherPoint, type GpuRun, gatherBytesPerSecond } from "./results";

/** The most useful bandwidth of random accesses on a machine, and what bounds it. */
export interface GatherBound {
  /** "rows of HBM3" or "whole sectors". */
  readonly by: string;
  readonly bytesPerSecond: (accessBytes: number) => number;
}

/**
 * What a machine's memory allows random accesses: each opens its rows anew (see rowBandwidth). Where the timings of just its kind
 * of memory were not published, whole sectors alone:
 *
 *     bandwidth * size / (ceil(size / sector) sector)
 */
export function gatherBound(hardware: Hardware): GatherBound {
  const { kind } = rowMemory(hardware);
  if (kind.name === hardware.memoryKind.toUpperCase() && kind.rowCycleSeconds !== undefined)
    return { by: `rows of ${kind.name}`, bytesPerSecond: (size) => rowBandwidth(hardware, size) };
  const sector = accessFact("dram-sector", "bytes");
  return { by: "whole sectors", bytesPerSecond: (size) => hardware.memoryBytesPerSecond * accessEfficiency(size, sector) };
}

/** Bandwidth of gathers against the size of a row: measured, whole sectors at this GPU's best rate, and the machine's bound. */
export function gpuGatherFigure(run: GpuRun, hardware: Hardware): Figure {
  const sector = accessFact("dram-sector", "bytes");
  const sizes = run.gathers.map((p) => p.accessBytes);
  const rates = run.gathers.map(gatherBytesPerSecond);
  const best = Math.max(...rates);
  const own = sizes.map((size) => best * accessEfficiency(size, sector));
  const machine = gatherBound(hardware);
  const there = sizes.map(machine.bytesPerSecond);
  const range = rangeOf([...rates, ...own, ...there]);
  const words = gatherWords(run.gathers, sector);
  const error = { type: "data", symmetric: false, thickness: 1, width: 3, color: colours.blue };
  return {
    data: [
      line(`${hardware.name}, ${machine.by}`, sizes, there, colours.green),
      line("this GPU, whole sectors at its best rate", sizes, own, colours.blue, {
        line: { color: colours.blue, width: 1.5, dash: "dash" },
      }),
      points("measured", sizes, rates, colours.blue, {
        error_y: {
          ...error,
          array: run.gathers.map((p, i) => p.gatheredBytes / p.lowSeconds - (rates[i] as number)),
          arrayminus: run.gathers.map((p, i) => (rates[i] as number) - p.gatheredBytes / p.highSeconds),
        },
        text: rates.map((rate) => `${formatNumber(rate / 1e9)} GB/s`),
        customdata: sizes.map(formatLength),
        hovertemplate: "%{customdata}: %{text}<extra></extra>",
      }),
    ],
    layout: layout({
      height: 480,
      margin: { l: 96, r: 16, t: 16, b: 120 },
      showlegend: true,
      legend: legendBelow,
      xaxis: logAxis("Length of one random row", [3, 90_000], lengthTicks([4, 32, 256, 2048, 16_384])),
      yaxis: logAxis(
        "Useful bandwidth",
        range,
        decadeTicks(range, (value) => rateWords(value)),
      ),
    }),
    caption: `Rows of one length read from random places of ${formatBytes(run.gathers[0]?.bufferBytes ?? 0)}. Dashed: the most that memory can give at this GPU's best rate when it moves whole sectors of ${formatNumber(sector)} B. Green: the bound for ${hardware.name} at its datasheet rate, by ${machine.by}. ${words} Below the dashed line are too few reads in flight, translation of addresses, and longer sectors than ${formatNumber(sector)} B; a cache that holds part of the buffer lifts points above it.`,
    alt: `Useful bandwidth of random reads by their length, on this GPU and the bound for ${hardware.name}. ${words}`,
  };
}

function rateWords(bytesPerSecond: number): string {
  return bytesPerSecond >= 1e12 ? `${formatNumber(bytesPerSecond / 1e12)} TB/s` : `${formatNumber(bytesPerSecond / 1e9)} GB/s`;
}

function gatherWords(gathers: readonly GatherPoint[], sector: number): string {
  if (gathers.length < 2) return "Too few lengths were measured to say more.";
  const rates = gathers.map((p) => ({ size: p.accessBytes, rate: gatherBytesPerSecond(p) }));
  const best = Math.max(...rates.map((r) => r.rate));
  const half = rates.find((r) => r.rate >= best / 2) as (typeof rates)[number];
  const smallest = rates[0] as (typeof rates)[number];
  const share = formatShare(smallest.rate / best);
  return `Measured: ${formatLength(half.size)} reach half of the best rate (${rateWords(best)}); ${formatLength(smallest.size)} get ${share} of it, where whole sectors would allow ${formatShare(accessEfficiency(smallest.size, sector), 3)}.`;
}
