import {
  type CollectiveTables, type Collective, eagerConstantNames, eagerWay, exchangeConstantNames, exchangeWays, ringConstantNames, ringWays,
  scaleUpBytesPerSecond, shotConstantNames, shotWay, type ShotConstants, type Way,
} from "./collective";
import { copyConstantNames, type ExchangeDirection, type ExchangeTables, expertExchangeTime, networkConstantNames, scaleUpConstantNames } from "./dispatch";
import { at, number, readRows, type Row, text } from "./facts";
import { type LinkProblem, type LinkSample, microseconds } from "./fit-dense";
import { hardware } from "./hardware";

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
      row, collective: (row.cells.collective ?? "all-reduce") as Collective, bytes: number(row, "bytes"), gpus: number(row, "gpus"),
      link: scaleUpBytesPerSecond(machine), memory: machine.memoryBytesPerSecond, generation: machine.generation, seconds: microseconds(row, "us"),
    };
  });
}

const generations = ["Ampere", "Hopper", "Blackwell"] as const;

function samplesOf(rows: readonly LinkRow[]): readonly LinkSample[] {
  const alphas = new Map<number, number>();
  for (const gpus of new Set(rows.map((r) => r.gpus))) alphas.set(gpus, Math.min(...rows.filter((r) => r.gpus === gpus).map((r) => r.seconds)));
  return rows.map((r) => {
    const wire = (r.collective === "all-reduce" ? 2 : 1) * ((r.gpus - 1) / r.gpus) * r.bytes;
    const floor = (r.collective === "all-reduce" && r.gpus >= 4 ? wire / 2 : wire) / r.link;
    return { seconds: r.seconds, held: r.gpus === heldGpus, baselineSeconds: (alphas.get(r.gpus) as number) + wire / r.link, floorSeconds: floor, where: at(r.row) };
  });
}

function least(ways: readonly Way[]): number {
  let best = Number.POSITIVE_INFINITY;
  for (const way of ways) best = Math.min(best, way.latencySeconds + way.transferSeconds);
  return best;
}

function named(implementation: string, operation: string, generation: string, law: string) {
  return { law, implementation, operation, generation };
}

export function ringProblems(): readonly LinkProblem[] {
  const rows = linkRows("collectives-nccl.csv").filter((r) => r.collective !== "all-to-all");
  return generations.map((generation): LinkProblem => {
    const own = rows.filter((r) => r.generation === generation);
    const inNetwork = generation !== "Ampere";
    const names = ringConstantNames.filter((n) => inNetwork || !n.startsWith("inNetwork"));
    return {
      family: named("nccl", "ring", generation, "ring"), file: "collectives.csv", names, fixed: inNetwork ? {} : { inNetworkSeconds: 1, inNetworkEfficiency: 0.01 },
      start: [5e-6, 0.9e-6, 0.03, 3e-6, 1e-6, 0.4, 15e-6, 2e-6, 0.8, 0.5, 3e-5, 0.6].slice(0, names.length),
      lower: [5e-7, 1e-7, 0.003, 1e-7, 1e-7, 0.1, 1e-6, 1e-7, 0.4, 0.01, 1e-6, 0.1].slice(0, names.length),
      upper: [3e-5, 5e-6, 0.5, 5e-5, 1e-5, 0.95, 1e-4, 2e-5, 1, 4, 2e-4, 1].slice(0, names.length),
      samples: samplesOf(own), heldOut: `${heldGpus} GPUs`,
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
      family: named("nccl", "all-to-all", generation, "exchange"), file: "collectives.csv", names: exchangeConstantNames, fixed: {},
      start: [7e-6, 0.8e-6, 0.02, 4e-6, 0.45, 15e-6, 0.7, 0.5], lower: [1e-6, 1e-8, 0.003, 1e-7, 0.05, 1e-6, 0.2, 0.01], upper: [3e-5, 5e-6, 0.2, 5e-5, 1, 1e-4, 1, 3],
      samples: samplesOf(own), heldOut: `${heldGpus} GPUs`,
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
  { implementation: "vllm", versions: ["0.19.0", "0.24.0"], generation: "Hopper", largeFromBytes: 32 * mebibyte, switchBytes: 2 * mebibyte },
  { implementation: "vllm", versions: ["0.19.0", "0.24.0"], generation: "Blackwell", largeFromBytes: 8 * mebibyte, switchBytes: 2 * mebibyte },
  { implementation: "sglang-0.5.10", versions: ["0.5.9", "0.5.10"], generation: "Ampere", largeFromBytes: 16 * mebibyte, switchBytes: 2 * mebibyte },
  { implementation: "sglang-0.5.10", versions: ["0.5.9", "0.5.10"], generation: "Hopper", largeFromBytes: 32 * mebibyte, switchBytes: 2 * mebibyte },
  { implementation: "sglang-0.5.10", versions: ["0.5.9", "0.5.10"], generation: "Blackwell", largeFromBytes: 16 * mebibyte, switchBytes: 2 * mebibyte },
  { implementation: "sglang", versions: ["0.5.14"], generation: "Hopper", largeFromBytes: 32 * mebibyte, switchBytes: 0 },
  { implementation: "sglang", versions: ["0.5.14"], generation: "Blackwell", largeFromBytes: 32 * mebibyte, switchBytes: 0 },
  { implementation: "trtllm", versions: ["1.0.0"], generation: "Ampere", largeFromBytes: 8 * mebibyte, switchBytes: 0 },
  { implementation: "trtllm", versions: ["1.3.0rc10", "1.3.0rc20"], generation: "Hopper", largeFromBytes: 8 * mebibyte, switchBytes: 0 },
  { implementation: "trtllm", versions: ["1.3.0rc10", "1.3.0rc20"], generation: "Blackwell", largeFromBytes: 16 * mebibyte, switchBytes: 0 },
] as const;

function engineRows(rule: (typeof rules)[number], launch: string): readonly LinkRow[] {
  return linkRows("collectives-custom-all-reduce.csv").filter(
    ({ row, generation }) =>
      generation === rule.generation && row.cells.implementation === rule.implementation.split("-")[0] && row.cells.launch === launch &&
      (rule.versions as readonly string[]).includes(row.cells.version ?? ""),
  );
}

export function shotProblems(): readonly LinkProblem[] {
  return rules.map((rule): LinkProblem => {
    const own = engineRows(rule, "graph");
    const names = shotConstantNames.filter((n) => n !== "largeFromBytes" && n !== "switchBytes");
    return {
      family: named(rule.implementation, "all-reduce", rule.generation, "shots"), file: "collectives.csv", names,
      fixed: { largeFromBytes: rule.largeFromBytes, switchBytes: rule.switchBytes },
      start: [4e-6, 1e-7, 0.5, 9e-6, 0.6, 2e-5, 0.75], lower: [5e-7, 1e-9, 0.05, 5e-7, 0.05, 1e-6, 0.2], upper: [5e-5, 2e-6, 1, 1e-4, 1, 2e-4, 1],
      samples: samplesOf(own), heldOut: `${heldGpus} GPUs`,
      predict: (c, i) => {
        const r = own[i] as LinkRow;
        return least([shotWay(c as never, r.bytes, r.gpus, r.link)]);
      },
    };
  });
}

/** Needs the constants of the same implementation in a graph, so it is solved after them. */
export function eagerProblems(graph?: CollectiveTables["shot"]): readonly LinkProblem[] {
  return rules.filter((r) => r.implementation !== "trtllm").map((rule): LinkProblem => {
    const own = engineRows(rule, "eager");
    const shot = graph?.get(`${rule.implementation} all-reduce ${rule.generation}`);
    return {
      family: named(`${rule.implementation}-eager`, "all-reduce", rule.generation, "eager"), file: "collectives.csv", names: eagerConstantNames, fixed: {},
      start: [2e-5, 2], lower: [1e-6, 0.1], upper: [2e-4, 10], samples: samplesOf(own), heldOut: `${heldGpus} GPUs`,
      predict: (c, i) => {
        const r = own[i] as LinkRow;
        return least([eagerWay(c as never, shotWay(shot as ShotConstants, r.bytes, r.gpus, r.link), r.bytes, r.memory)]);
      },
    };
  });
}

/** hiddenSize, experts a token and experts of layers that no constant is fitted on. */
const heldLayers = ["7168 8 256", "4096 8 256", "4096 6 256", "6144 8 160", "6144 8 256"];
const directions = ["dispatch", "combine"] as const satisfies readonly ExchangeDirection[];

export function scaleUpProblems(): readonly LinkProblem[] {
  const rows = readRows("measurements/deepep-low-latency.csv").filter((r) => r.cells.nodes === "1" && r.cells.version === "0.5.12");
  return ["h100-sxm", "b200-sxm"].flatMap((id) =>
    directions.map((direction): LinkProblem => {
      const { generation } = hardware(id);
      const own = rows.filter((r) => r.cells.machine === id);
      return exchangeProblem({
        family: named("deepep-low-latency", direction, generation, "messages inside a node"), names: scaleUpConstantNames, own, directionOf: () => direction,
        table: (c) => ({ scaleUp: new Map([[`deepep-low-latency ${direction} ${generation}`, c as never]]), network: new Map(), copy: new Map() }),
        start: [1e-5, 1e-8, 1e-9, 0.6, 2e-6, 1.2], lower: [1e-6, 1e-10, 1e-11, 0.1, 1e-7, 1], upper: [5e-5, 1e-7, 3e-8, 1, 2e-5, 6],
        held: (r) => heldLayers.includes(`${r.cells.hiddenSize} ${r.cells.expertsPerToken} ${r.cells.routedExperts}`), heldOut: "five layer shapes, DeepSeek-V3's among them",
      });
    }),
  );
}

/** Both directions at once: messages of two lengths over one card. Needs the constants inside a node. */
export function networkProblem(scaleUp: ExchangeTables["scaleUp"] = new Map()): LinkProblem {
  const rows = readRows("measurements/deepep-low-latency.csv").filter((r) => r.cells.nodes !== "1");
  const own = directions.flatMap((direction) => rows.map((row) => ({ row, direction })));
  return exchangeProblem({
    family: named("deepep-low-latency", "network", "Hopper", "messages across nodes"), names: networkConstantNames.filter((n) => n !== "secondsPerMessage"),
    // No limit of messages shows: 7 kB and 14 kB go at the same bytes a second, up to 6.7 million messages a second.
    fixed: { secondsPerMessage: 0 }, own: own.map((o) => o.row),
    directionOf: (i) => (own[i] as (typeof own)[0]).direction,
    table: (c) => ({ scaleUp, network: new Map([["deepep-low-latency network Hopper", c as never]]), copy: new Map() }),
    start: [1.7e-5, 3.6e-6, 2.4e-5, 1e-6, 0.94], lower: [1e-6, 1e-9, 1e-6, 1e-9, 0.3], upper: [1e-4, 2e-5, 1e-4, 2e-5, 1],
    held: (r) => r.cells.nodes === "4", heldOut: "4 nodes",
  });
}

export function copyProblems(): readonly LinkProblem[] {
  const rows = readRows("measurements/collectives-trtllm-alltoall.csv");
  return ["one-sided", "two-sided"].flatMap((method) =>
    directions.map((direction): LinkProblem => {
      const own = rows.filter((r) => r.cells.method === method && r.cells.operation === direction);
      const key = `trtllm-${method} ${direction} Blackwell`;
      return exchangeProblem({
        family: named(`trtllm-${method}`, direction, "Blackwell", "copies to ranks"), names: copyConstantNames, own, directionOf: () => direction, implementation: `trtllm-${method}`,
        table: (c) => ({ scaleUp: new Map(), network: new Map(), copy: new Map([[key, c as never]]) }),
        start: [1e-5, 1e-6, 0.7, 2], lower: [1e-6, 1e-8, 0.1, 0.01], upper: [5e-5, 1e-5, 1, 200], held: (r) => r.cells.expertParallel === "4", heldOut: "4 GPUs",
      });
    }),
  );
}

interface ExchangeFit extends Pick<LinkProblem, "family" | "names" | "start" | "lower" | "upper" | "heldOut"> {
  readonly own: readonly Row[];
  readonly fixed?: LinkProblem["fixed"];
  readonly directionOf: (sample: number) => ExchangeDirection;
  readonly implementation?: string;
  readonly table: (constants: Readonly<Record<string, number>>) => ExchangeTables;
  readonly held: (row: Row) => boolean;
}

function exchangeProblem({ own, fixed = {}, directionOf, implementation = "deepep-low-latency", table, held, ...rest }: ExchangeFit): LinkProblem {
  const asked = own.map((row, i) => {
    const optional = (column: string, other: number) => (row.cells[column] === undefined ? other : number(row, column));
    return {
      direction: directionOf(i), hardware: hardware(text(row, "machine")), tokens: number(row, "tokens"), implementation: implementation as never,
      expertParallel: row.cells.nodes === undefined ? number(row, "expertParallel") : 8 * number(row, "nodes"),
      model: { hiddenSize: optional("hiddenSize", 7168), expertsPerToken: optional("expertsPerToken", 8), routedExperts: optional("routedExperts", 256) },
      ...(row.cells.weightFormat === undefined ? {} : { weightFormat: text(row, "weightFormat") }),
    };
  });
  const measured = own.map((row, i) => microseconds(row, row.cells.us === undefined ? `${directionOf(i)}Us` : "us"));
  const alpha = Math.min(...measured);
  const start = { ...fixed, ...Object.fromEntries(rest.names.map((n, i) => [n, rest.start[i] as number])) };
  const samples = own.map((row, i) => {
    const { floorSeconds } = networkless(start, i);
    return { seconds: measured[i] as number, held: held(row), baselineSeconds: alpha + floorSeconds, floorSeconds, where: at(row) };
  });
  return { ...rest, file: "collectives.csv", fixed, samples, predict: (c, i) => expertExchangeTime(asked[i] as (typeof asked)[0], table(c)).seconds };

  /** The floor needs no constants but the formula asks for some. */
  function networkless(c: Readonly<Record<string, number>>, i: number) {
    const tables = table(c);
    const any = { fixedSeconds: 1, secondsPerExpert: 0, secondsPerMessage: 0, efficiency: 1, secondsPerToken: 0, overlapExponent: 1 };
    const scaleUp = tables.scaleUp.size > 0 ? tables.scaleUp : new Map(directions.map((d) => [`deepep-low-latency ${d} Hopper`, any]));
    return expertExchangeTime(asked[i] as (typeof asked)[0], { ...tables, scaleUp });
  }
}
