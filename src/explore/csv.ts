import { separatedCell } from "../text/separated";
import type { Find } from "./find";
import type { FoundPoint } from "./found";
import type { ClaimRow } from "./verdicts";
import type { Kind, ScenarioView } from "./view";

const units: Readonly<Record<Kind, string>> = { count: "count", seconds: "s", bytes: "B", share: "share", "per second": "1/s" };

/** Scenarios go by these letters wherever two are shown. */
export const letters = ["A", "B"] as const;

/**
 * All numbers of the page, one a line, in base units.
 *
 * Columns: scenario, part (scenario, numbers, task, request, claim; search and deployment for what was found), name, quantity, value, unit.
 */
export function csvOf(
  views: readonly ScenarioView[],
  claims: readonly (readonly ClaimRow[])[],
  best: readonly FoundPoint[] = [],
  find?: Find,
): string {
  const lines = [
    ...views.flatMap((view, i) => linesOf(letters[i] as string, view, claims[i] ?? [])),
    ...(find === undefined ? [] : Object.entries(find).map(([name, value]): Line => ["", "search", "", name, value, ""])),
    ...best.flatMap((point, i) => deploymentLines(String(i + 1), point)),
  ];
  return `${[["scenario", "part", "name", "quantity", "value", "unit"], ...lines].map((cells) => cells.map(separatedCell).join(",")).join("\n")}\n`;
}

type Line = readonly (string | number | undefined)[];

function linesOf(letter: string, { setup, quantities, tasks, requests }: ScenarioView, claims: readonly ClaimRow[]): readonly Line[] {
  const chosen: readonly (readonly [string, string | number, string])[] = [
    ["model", setup.model.name, ""],
    ["machine", setup.hardware.id, ""],
    ["kernel", setup.kernel, ""],
    ["weightFormat", setup.weightFormat, ""],
    ["cacheFormat", setup.cacheFormat, ""],
    ["engine", setup.engine, ""],
    ["gpus", setup.gpus, "count"],
    ["tokensInFlight", setup.tokensInFlight, "count"],
    ["requestsPerGpu", setup.requestsPerGpu, "count"],
    ["expertParallel", setup.expertParallel, "count"],
    ["tensorParallel", setup.tensorParallel, "count"],
    ["dataParallel", setup.dataParallel, "count"],
    ["draftTokens", setup.draftTokens, "count"],
    ["contextTokens", setup.contextTokens, "count"],
    ["overlap", setup.overlap, ""],
    ["granularity", setup.choice.granularity, "factor"],
    ...Object.entries(setup.choice.times).map(([name, factor]): [string, number, string] => [`times ${name}`, factor, "factor"]),
    ...calibrationLines(setup),
    ["fits", setup.fits ? "yes" : "does not fit", ""],
    ["mostRequests", setup.mostRequests, "count"],
  ];
  return [
    ...chosen.map(([name, value, unit]) => [letter, "scenario", "", name, value, unit]),
    ...quantities.map(({ id, value, kind }) => [letter, "numbers", "", id, value, units[kind]]),
    ...tasks.flatMap((task) => taskColumns.map(([quantity, unit]): Line => [letter, "task", task.name, quantity, task[quantity], unit])),
    ...requests.flatMap((row) =>
      requestColumns.map(([quantity, unit]): Line => [letter, "request", `${row.name}, ${row.tier}`, quantity, row[quantity], unit]),
    ),
    ...claims.flatMap((row) => [
      ...claimColumns.map((quantity): Line => [letter, "claim", row.id, quantity, finite(row[quantity]), ""]),
      [letter, "claim", row.id, "verdict", row.verdict, ""] as Line,
    ]),
  ];
}

/** That the scenario's steps are calibrated, and each factor; what is not in the list is 1. */
function calibrationLines({ calibration }: ScenarioView["setup"]): readonly (readonly [string, string | number, string])[] {
  if (calibration === undefined) return [];
  const { rows, before, after, factors, machine, engine } = calibration;
  return [
    ["calibrated", `on ${rows} of your rows (${machine}, ${engine})`, ""],
    ["calibrated rows", rows, "count"],
    ["calibrated error before", before, "share"],
    ["calibrated error on rows left out", after, "share"],
    ...Object.entries(factors).map(([name, factor]): [string, number, string] => [`calibrated ${name}`, factor, "factor"]),
  ];
}

const deploymentUnits: Readonly<Partial<Record<keyof FoundPoint, string>>> = {
  perGpu: "1/s",
  perRequest: "1/s",
  firstTokenSeconds: "s",
  memoryBytes: "B",
};

/** One of the best deployments. */
function deploymentLines(rank: string, point: FoundPoint): readonly Line[] {
  return Object.entries(point).map(([name, value]) => [
    "",
    "deployment",
    rank,
    name,
    value,
    deploymentUnits[name as keyof FoundPoint] ?? "",
  ]);
}

const taskColumns = [
  ["count", "count"],
  ["eachSeconds", "s"],
  ["seconds", "s"],
  ["floorSeconds", "s"],
  ["bytes", "B"],
  ["runBytes", "B"],
  ["bound", ""],
] as const;
const requestColumns = [
  ["requestBytes", "B"],
  ["requestsPerSecond", "1/s"],
  ["bytesPerSecond", "B/s"],
  ["binds", ""],
] as const;
const claimColumns = ["median", "low", "high", "probability", "draws"] as const;

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
