import { at, number, type Row, readRows, text } from "../data/rows";
import { hardware } from "../machine/hardware";
import { expertExchangeTime } from "../network/exchange";
import { copyConstantNames, type ExchangeTables, networkConstantNames, scaleUpConstantNames } from "../network/exchange-constants";
import { forwardConstantNames } from "../network/forwarded-exchange";
import type { ExchangeDirection } from "../network/message-bytes";
import { named } from "./collectives";
import { type LinkProblem, microseconds } from "./product-fits";

/** hiddenSize, experts per token and experts of layers that no constant is fitted on. */
const heldLayers = ["7168 8 256", "4096 8 256", "4096 6 256", "6144 8 160", "6144 8 256"];
const directions = ["dispatch", "combine"] as const satisfies readonly ExchangeDirection[];

export function scaleUpProblems(): readonly LinkProblem[] {
  const rows = readRows("measurements/deepep-low-latency.csv").filter((r) => r.cells.nodes === "1" && r.cells.version === "0.5.12");
  return ["h100-sxm", "b200-sxm"].flatMap((id) =>
    directions.map((direction): LinkProblem => {
      const { generation } = hardware(id);
      const own = rows.filter((r) => r.cells.machine === id);
      return exchangeProblem({
        family: named("deepep-low-latency", direction, generation, "messages inside a node"),
        names: scaleUpConstantNames,
        own,
        directionOf: () => direction,
        table: (c) => ({
          scaleUp: new Map([[`deepep-low-latency ${direction} ${generation}`, c as never]]),
          network: new Map(),
          copy: new Map(),
          forward: new Map(),
        }),
        start: [1e-5, 1e-8, 1e-9, 0.6, 2e-6, 1.2],
        lower: [1e-6, 1e-10, 1e-11, 0.1, 1e-7, 1],
        upper: [5e-5, 1e-7, 3e-8, 1, 2e-5, 6],
        held: (r) => heldLayers.includes(`${r.cells.hiddenSize} ${r.cells.expertsPerToken} ${r.cells.routedExperts}`),
        heldOut: "five layer shapes, DeepSeek-V3's among them",
      });
    }),
  );
}

/** Both directions at once: messages of two lengths over one card. Needs the constants inside a node. */
export function networkProblem(scaleUp: ExchangeTables["scaleUp"] = new Map()): LinkProblem {
  const rows = readRows("measurements/deepep-low-latency.csv").filter((r) => r.cells.nodes !== "1");
  const own = directions.flatMap((direction) => rows.map((row) => ({ row, direction })));
  return exchangeProblem({
    family: named("deepep-low-latency", "network", "Hopper", "messages across nodes"),
    names: networkConstantNames.filter((n) => n !== "secondsPerMessage"),
    // No limit of messages shows: 7 kB and 14 kB go at the same bytes per second, up to 6.7 million messages per second.
    fixed: { secondsPerMessage: 0 },
    own: own.map((o) => o.row),
    directionOf: (i) => (own[i] as (typeof own)[0]).direction,
    table: (c) => ({ scaleUp, network: new Map([["deepep-low-latency network Hopper", c as never]]), copy: new Map(), forward: new Map() }),
    start: [1.7e-5, 3.6e-6, 2.4e-5, 1e-6, 0.94],
    lower: [1e-6, 1e-9, 1e-6, 1e-9, 0.3],
    upper: [1e-4, 2e-5, 1e-4, 2e-5, 1],
    held: (r) => r.cells.nodes === "4",
    heldOut: "4 nodes",
  });
}

export function copyProblems(): readonly LinkProblem[] {
  const rows = readRows("measurements/collectives-trtllm-alltoall.csv");
  return ["one-sided", "two-sided"].flatMap((method) =>
    directions.map((direction): LinkProblem => {
      const own = rows.filter((r) => r.cells.method === method && r.cells.operation === direction);
      const key = `trtllm-${method} ${direction} Blackwell`;
      return exchangeProblem({
        family: named(`trtllm-${method}`, direction, "Blackwell", "copies to ranks"),
        names: copyConstantNames,
        own,
        directionOf: () => direction,
        implementation: `trtllm-${method}`,
        table: (c) => ({ scaleUp: new Map(), network: new Map(), copy: new Map([[key, c as never]]), forward: new Map() }),
        start: [1e-5, 1e-6, 0.7, 2],
        lower: [1e-6, 1e-8, 0.1, 0.01],
        upper: [5e-5, 1e-5, 1, 200],
        // Rows of a one-sided combine do not feel its passes.
        spreads: copyConstantNames.map((name) => (name === "memoryPasses" ? 3 : undefined)),
        held: (r) => r.cells.expertParallel === "4",
        heldOut: "4 GPUs",
      });
    }),
  );
}

/** Tokens of a GPU beyond which no constant of the normal exchange is fitted. */
const fittedTokens = 16384;

/** DeepEP's normal kernels, a direction each: one and more nodes, all numbers of processors, both machines at once. */
export function forwardProblems(): readonly LinkProblem[] {
  const own = readRows("measurements/deepep-normal.csv");
  return directions.map((direction): LinkProblem => {
    const key = `deepep-high-throughput ${direction} Hopper`;
    return exchangeProblem({
      family: named("deepep-high-throughput", direction, "Hopper", "copies to nodes"),
      names: forwardConstantNames,
      own,
      directionOf: () => direction,
      implementation: "deepep-high-throughput",
      table: (c) => ({ scaleUp: new Map(), network: new Map(), copy: new Map(), forward: new Map([[key, c as never]]) }),
      start: [3e-5, 1.5e10, 0.6, 8e-5, 1e-5, 9e9, 0.9],
      lower: [5e-6, 2e9, 0.2, 1e-5, 1e-7, 2e9, 0.4],
      upper: [2e-4, 6e10, 1, 3e-4, 1e-4, 4e10, 1],
      held: (r) => number(r, "tokens") > fittedTokens || r.cells.hiddenSize !== "7168",
      heldOut: "more than 16,384 tokens of a GPU, and widths but DeepSeek-V3's",
    });
  });
}

interface ExchangeFit extends Pick<LinkProblem, "family" | "names" | "start" | "lower" | "upper" | "spreads" | "heldOut"> {
  readonly own: readonly Row[];
  readonly fixed?: LinkProblem["fixed"];
  readonly directionOf: (sample: number) => ExchangeDirection;
  readonly implementation?: string;
  readonly table: (constants: Readonly<Record<string, number>>) => ExchangeTables;
  readonly held: (row: Row) => boolean;
}

function exchangeProblem({
  own,
  fixed = {},
  directionOf,
  implementation = "deepep-low-latency",
  table,
  held,
  ...rest
}: ExchangeFit): LinkProblem {
  const asked = own.map((row, i) => {
    const optional = (column: string, other: number) => (row.cells[column] === undefined ? other : number(row, column));
    return {
      direction: directionOf(i),
      hardware: hardware(text(row, "machine")),
      tokens: number(row, "tokens"),
      ...(row.cells.processors === undefined ? {} : { exchangeProcessors: number(row, "processors") }),
      implementation: implementation as never,
      expertParallel: row.cells.nodes === undefined ? number(row, "expertParallel") : 8 * number(row, "nodes"),
      model: {
        hiddenSize: optional("hiddenSize", 7168),
        expertsPerToken: optional("expertsPerToken", 8),
        routedExperts: optional("routedExperts", 256),
      },
      ...(row.cells.weightFormat === undefined ? {} : { weightFormat: text(row, "weightFormat") }),
    };
  });
  const measured = own.map((row, i) => {
    if (row.cells.us !== undefined) return microseconds(row, "us");
    const notified = row.cells[`${directionOf(i)}NotifyUs`] === undefined ? 0 : number(row, `${directionOf(i)}NotifyUs`) * 1e-6;
    return microseconds(row, `${directionOf(i)}Us`) + notified;
  });
  const alpha = Math.min(...measured);
  const start = { ...fixed, ...Object.fromEntries(rest.names.map((n, i) => [n, rest.start[i] as number])) };
  const samples = own.map((row, i) => {
    const { floorSeconds } = networkless(start, i);
    return { seconds: measured[i] as number, held: held(row), baselineSeconds: alpha + floorSeconds, floorSeconds, where: at(row) };
  });
  return {
    ...rest,
    file: "collectives.csv",
    fixed,
    samples,
    predict: (c, i) => expertExchangeTime(asked[i] as (typeof asked)[0], table(c)).seconds,
  };

  /** The floor needs no constants but the formula asks for some. */
  function networkless(c: Readonly<Record<string, number>>, i: number) {
    const tables = table(c);
    const any = { fixedSeconds: 1, secondsPerExpert: 0, secondsPerMessage: 0, efficiency: 1, secondsPerToken: 0, overlapExponent: 1 };
    const scaleUp = tables.scaleUp.size > 0 ? tables.scaleUp : new Map(directions.map((d) => [`deepep-low-latency ${d} Hopper`, any]));
    return expertExchangeTime(asked[i] as (typeof asked)[0], { ...tables, scaleUp });
  }
}
