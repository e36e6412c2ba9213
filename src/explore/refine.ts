import { defaultDraws, type Model } from "../index";
import { pageWorker } from "./page-worker";
import type { Setup } from "./setup";
import { type ClaimRow, claimIds, claimRow, coarseDraws, scenarioOf } from "./verdicts";
import type { Answered, Asked } from "./worker";

/** Rows of every claim for one scenario, as good as they are known by now. */
export type Rows = readonly ClaimRow[];

export interface Refiner {
  /**
   * Have every claim judged: `better` is called at once with the first answers, then with each row that has all its draws.
   *
   * @param pace - "slowly" where nobody looks at them yet: the first answers are then worked out one by one, once the reader pauses.
   */
  readonly ask: (setups: readonly Setup[], own: readonly Model[], pace?: "at once" | "slowly") => void;
}

/** After a change, until all draws begin. */
const pauseMilliseconds = 300;

/** Scenarios whose rows are kept, so that going back shows them at once. */
const kept = 60;

/**
 * Judges claims: coarsely here and at once, then with all draws in a worker, where there is one, else between two frames here.
 *
 * @param better - called with the rows of all scenarios, and how many rows still wait, whenever one has come.
 */
export function refiner(better: (rows: readonly Rows[], waiting: number) => void): Refiner {
  const known = new Map<string, ClaimRow>();
  let job = 0;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let asked: { rows: ClaimRow[][]; keys: readonly string[]; waiting: number } = { rows: [], keys: [], waiting: 0 };
  const answer = ({ job: of, scenario, row }: Answered) => {
    // What was asked before is about another scenario.
    if (of !== job) return;
    remember(known, keyOf(asked.keys[scenario] ?? "", row), row);
    asked.rows = asked.rows.map((rows, i) =>
      i === scenario || !row.ofScenario ? rows.map((old) => (old.id === row.id ? row : old)) : rows,
    );
    asked.waiting--;
    better(asked.rows, asked.waiting);
  };
  let post: ((asked: Asked) => void) | undefined;
  const ask: Refiner["ask"] = (setups, own, pace = "at once") => {
    const asking = ++job;
    const scenarios = setups.map(scenarioOf);
    const keys = scenarios.map((scenario) => JSON.stringify(scenario));
    const first = (id: string, i: number) => {
      const row = known.get(`${keys[i]} ${id}`) ?? known.get(id) ?? coarse(id, scenarios[i] ?? {});
      remember(known, keyOf(keys[i] ?? "", row), row);
      return row;
    };
    clearTimeout(pause);
    if (pace === "slowly") {
      const one = (left: readonly (readonly [string, number])[]) => {
        const [next, ...rest] = left;
        if (asking !== job) return;
        if (next === undefined) ask(setups, own);
        else {
          first(...next);
          pause = setTimeout(() => one(rest), 0);
        }
      };
      const all = scenarios.flatMap((_, i) => claimIds().map((id) => [id, i] as const));
      pause = setTimeout(() => one(all), pauseMilliseconds);
      return;
    }
    const rows = scenarios.map((_, i) => claimIds().map((id) => first(id, i)));
    const claims = rows.flatMap((own, scenario) =>
      own.filter((row) => row.draws < defaultDraws && (row.ofScenario || scenario === 0)).map(({ id }) => ({ scenario, id })),
    );
    asked = { rows, keys, waiting: claims.length };
    // What can be judged no better has its answer: a claim that does not apply.
    // Once the reader pauses: a processor that draws is missing to who draws figures.
    if (claims.length > 0)
      pause = setTimeout(() => {
        post ??= pageWorker(answer, () => here(answer, () => job));
        post({ job, own, scenarios, claims, draws: defaultDraws });
      }, pauseMilliseconds);
    better(rows, claims.length);
  };
  return { ask };
}

/** A first answer; what is the same everywhere is remembered for every scenario. */
function coarse(id: string, scenario: ReturnType<typeof scenarioOf>): ClaimRow {
  return claimRow(id, scenario, coarseDraws);
}

function keyOf(scenario: string, { ofScenario, id }: ClaimRow): string {
  return ofScenario ? `${scenario} ${id}` : id;
}

function remember(known: Map<string, ClaimRow>, key: string, row: ClaimRow): void {
  if ((known.get(key)?.draws ?? 0) < row.draws) known.set(key, row);
  if (known.size > kept * claimIds().length) known.delete(known.keys().next().value as string);
}

type Post = (asked: Asked) => void;

/** The same on the page itself, a claim at a time, so that it stays responsive in between. */
function here(answer: (answered: Answered) => void, newest: () => number): Post {
  return async ({ job, scenarios, claims, draws }) => {
    for (const { scenario, id } of claims) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (newest() !== job) return;
      answer({ job, scenario, row: claimRow(id, scenarios[scenario] ?? {}, draws) });
    }
  };
}
