import { at, number, type Row, readRows, text } from "../data/rows";
import { hardware } from "../machine/hardware";
import { type CollectiveTables, scaleUpBytesPerSecond } from "../network/collective";
import {
  type Collective,
  eagerConstantNames,
  eagerWay,
  exchangeConstantNames,
  exchangeWays,
  ringConstantNames,
  ringWays,
  type ShotConstants,
  shotConstantNames,
  shotWay,
  type Way,
} from "../network/collective-ways";
import { type LinkProblem, type LinkSample, microseconds } from "./product-fits";

const heldGpus = 4;

interface LinkRow {
  readonly row: Row;
  readonly collective: Collective;
  readonly bytes: number;
  readonly gpus: number;
  readonly link: number;
  readonly memory: number;
  readonly generation: string;
  readonly seconds: number;
}

function linkRows(file: string): readonly LinkRow[] {
  return readRows(`measurements/${file}`).map((row) => {
    const machine = hardware(text(row, "machine"));
    return {
      row,
      collective: (row.cells.collective ?? "all-reduce") as Collective,
      bytes: number(row, "bytes"),
      gpus: number(row, "gpus"),
      link: scaleUpBytesPerSecond(machine),
      memory: machine.memoryBytesPerSecond,
      generation: machine.generation,
      seconds: microseconds(row, "us"),
    };
  });
}

const generations = ["Ampere", "Hopper", "Blackwell"] as const;

function samplesOf(rows: readonly LinkRow[]): readonly LinkSample[] {
  const alphas = new Map<number, number>();
  for (const gpus of new Set(rows.map((r) => r.gpus)))
    alphas.set(gpus, Math.min(...rows.filter((r) => r.gpus === gpus).map((r) => r.seconds)));
  return rows.map((r) => {
    const wire = (r.collective === "all-reduce" ? 2 : 1) * ((r.gpus - 1) / r.gpus) * r.bytes;
    const floor = (r.collective === "all-reduce" && r.gpus >= 4 ? wire / 2 : wire) / r.link;
    return {
      seconds: r.seconds,
      held: r.gpus === heldGpus,
      baselineSeconds: (alphas.get(r.gpus) as number) + wire / r.link,
      floorSeconds: floor,
      where: at(r.row),
    };
  });
}

function least(ways: readonly Way[]): number {
  let best = Number.POSITIVE_INFINITY;
  for (const way of ways) best = Math.min(best, way.latencySeconds + way.transferSeconds);
  return best;
}

/** Columns that name a family of links. */
export function named(implementation: string, operation: string, generation: string, law: string) {
  return { law, implementation, operation, generation };
}

export function ringProblems(): readonly LinkProblem[] {
  const rows = linkRows("collectives-nccl.csv").filter((r) => r.collective !== "all-to-all");
  return generations.map((generation): LinkProblem => {
    const own = rows.filter((r) => r.generation === generation);
    const inNetwork = generation !== "Ampere";
    const names = ringConstantNames.filter((n) => inNetwork || !n.startsWith("inNetwork"));
    return {
      family: named("nccl", "ring", generation, "ring"),
      file: "collectives.csv",
      names,
      fixed: inNetwork ? {} : { inNetworkSeconds: 1, inNetworkEfficiency: 0.01 },
      start: [5e-6, 0.9e-6, 0.03, 3e-6, 1e-6, 0.4, 15e-6, 2e-6, 0.8, 0.5, 3e-5, 0.6].slice(0, names.length),
      lower: [5e-7, 1e-7, 0.003, 1e-7, 1e-7, 0.1, 1e-6, 1e-7, 0.4, 0.01, 1e-6, 0.1].slice(0, names.length),
      upper: [3e-5, 5e-6, 0.5, 5e-5, 1e-5, 0.95, 1e-4, 2e-5, 1, 4, 2e-4, 1].slice(0, names.length),
      samples: samplesOf(own),
      heldOut: `${heldGpus} GPUs`,
      predict: (c, i) => {
        const r = own[i] as LinkRow;
        return least(ringWays(c as never, r.collective, r.bytes, r.gpus, r.link, r.generation));
      },
    };
  });
}

export function exchangeProblems(): readonly LinkProblem[] {
  // NCCL 2.23 on H100 takes twice as long for 2 KiB as its successors.
  const rows = linkRows("collectives-nccl.csv").filter((r) => r.collective === "all-to-all" && r.row.cells.version !== "2.23");
  return generations.map((generation): LinkProblem => {
    const own = rows.filter((r) => r.generation === generation);
    return {
      family: named("nccl", "all-to-all", generation, "exchange"),
      file: "collectives.csv",
      names: exchangeConstantNames,
      fixed: {},
      start: [7e-6, 0.8e-6, 0.02, 4e-6, 0.45, 15e-6, 0.7, 0.5],
      lower: [1e-6, 1e-8, 0.003, 1e-7, 0.05, 1e-6, 0.2, 0.01],
      upper: [3e-5, 5e-6, 0.2, 5e-5, 1, 1e-4, 1, 3],
      samples: samplesOf(own),
      heldOut: `${heldGpus} GPUs`,
      predict: (c, i) => {
        const r = own[i] as LinkRow;
        return least(exchangeWays(c as never, r.bytes, r.gpus, r.link));
      },
    };
  });
}

const mebibyte = 2 ** 20;

/** Rules of each implementation, read off the jumps in its own rows: from where NCCL takes over, and where one shot ends. */
const rules = [
  { implementation: "vllm", versions: ["0.14.0"], generation: "Ampere", largeFromBytes: 8 * mebibyte, switchBytes: 2 * mebibyte },
  {
    implementation: "vllm",
    versions: ["0.19.0", "0.24.0"],
    generation: "Hopper",
    largeFromBytes: 32 * mebibyte,
    switchBytes: 2 * mebibyte,
  },
  {
    implementation: "vllm",
    versions: ["0.19.0", "0.24.0"],
    generation: "Blackwell",
    largeFromBytes: 8 * mebibyte,
    switchBytes: 2 * mebibyte,
  },
  {
    implementation: "sglang-0.5.10",
    versions: ["0.5.9", "0.5.10"],
    generation: "Ampere",
    largeFromBytes: 16 * mebibyte,
    switchBytes: 2 * mebibyte,
  },
  {
    implementation: "sglang-0.5.10",
    versions: ["0.5.9", "0.5.10"],
    generation: "Hopper",
    largeFromBytes: 32 * mebibyte,
    switchBytes: 2 * mebibyte,
  },
  {
    implementation: "sglang-0.5.10",
    versions: ["0.5.9", "0.5.10"],
    generation: "Blackwell",
    largeFromBytes: 16 * mebibyte,
    switchBytes: 2 * mebibyte,
  },
  { implementation: "sglang", versions: ["0.5.14"], generation: "Hopper", largeFromBytes: 32 * mebibyte, switchBytes: 0 },
  { implementation: "sglang", versions: ["0.5.14"], generation: "Blackwell", largeFromBytes: 32 * mebibyte, switchBytes: 0 },
  { implementation: "trtllm", versions: ["1.0.0"], generation: "Ampere", largeFromBytes: 8 * mebibyte, switchBytes: 0 },
  { implementation: "trtllm", versions: ["1.3.0rc10", "1.3.0rc20"], generation: "Hopper", largeFromBytes: 8 * mebibyte, switchBytes: 0 },
  {
    implementation: "trtllm",
    versions: ["1.3.0rc10", "1.3.0rc20"],
    generation: "Blackwell",
    largeFromBytes: 16 * mebibyte,
    switchBytes: 0,
  },
] as const;

function engineRows(rule: (typeof rules)[number], launch: string): readonly LinkRow[] {
  return linkRows("collectives-custom-all-reduce.csv").filter(
    ({ row, generation }) =>
      generation === rule.generation &&
      row.cells.implementation === rule.implementation.split("-")[0] &&
      row.cells.launch === launch &&
      (rule.versions as readonly string[]).includes(row.cells.version ?? ""),
  );
}

export function shotProblems(): readonly LinkProblem[] {
  return rules.map((rule): LinkProblem => {
    const own = engineRows(rule, "graph");
    const names = shotConstantNames.filter((n) => n !== "largeFromBytes" && n !== "switchBytes");
    return {
      family: named(rule.implementation, "all-reduce", rule.generation, "shots"),
      file: "collectives.csv",
      names,
      fixed: { largeFromBytes: rule.largeFromBytes, switchBytes: rule.switchBytes },
      start: [4e-6, 1e-7, 0.5, 9e-6, 0.6, 2e-5, 0.75],
      lower: [5e-7, 1e-9, 0.05, 5e-7, 0.05, 1e-6, 0.2],
      upper: [5e-5, 2e-6, 1, 1e-4, 1, 2e-4, 1],
      // Messages of two shots end where NCCL takes over, too early to tell their rate on some machines.
      spreads: names.map((name) => (name === "twoShotEfficiency" ? 0.3 : undefined)),
      samples: samplesOf(own),
      heldOut: `${heldGpus} GPUs`,
      predict: (c, i) => {
        const r = own[i] as LinkRow;
        return least([shotWay(c as never, r.bytes, r.gpus, r.link)]);
      },
    };
  });
}

/** Needs the constants of the same implementation in a graph, so it is solved after them. */
export function eagerProblems(graph?: CollectiveTables["shot"]): readonly LinkProblem[] {
  return rules
    .filter((r) => r.implementation !== "trtllm")
    .map((rule): LinkProblem => {
      const own = engineRows(rule, "eager");
      const shot = graph?.get(`${rule.implementation} all-reduce ${rule.generation}`);
      return {
        family: named(`${rule.implementation}-eager`, "all-reduce", rule.generation, "eager"),
        file: "collectives.csv",
        names: eagerConstantNames,
        fixed: {},
        start: [2e-5, 2],
        lower: [1e-6, 0.1],
        upper: [2e-4, 10],
        samples: samplesOf(own),
        heldOut: `${heldGpus} GPUs`,
        predict: (c, i) => {
          const r = own[i] as LinkRow;
          return least([eagerWay(c as never, shotWay(shot as ShotConstants, r.bytes, r.gpus, r.link), r.bytes, r.memory)]);
        },
      };
    });
}
