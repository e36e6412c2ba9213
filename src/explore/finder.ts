import type { Model } from "../index";
import type { FoundPoint, SearchAsked } from "./found";
import { pageWorker } from "./page-worker";
import { type SearchJob, type SearchSlice, searchInSlices } from "./search-slices";
import type { State } from "./state";

/** What is found so far. */
export interface Found {
  readonly points: readonly FoundPoint[];
  readonly searched: number;
  readonly done: boolean;
  /** Of searching, so far. */
  readonly milliseconds: number;
  readonly trouble?: string | undefined;
}

export interface Finder {
  /** Search for a state's question, unless it is the one that was searched last. */
  readonly ask: (state: State) => void;
  readonly found: () => Found;
}

const nothing: Found = { points: [], searched: 0, done: false, milliseconds: 0 };

/** Searches deployments in a worker of its own, where there is one, else between two frames here. `more` is called whenever some are found. */
export function finder(more: (found: Found) => void): Finder {
  let [job, asked] = [0, ""];
  let found = nothing;
  const answer = ({ job: of, points, searched, done, milliseconds, trouble }: SearchSlice) => {
    // What was asked before is about another question.
    if (of !== job) return;
    found = { points: [...found.points, ...points], searched, done, milliseconds, trouble };
    more(found);
  };
  const post = pageWorker<SearchJob, SearchSlice>(answer, () => (one) => {
    searchInSlices(one, () => job === one.job, answer);
  });
  return {
    ask: (state) => {
      const search = askedOf(state);
      const own = ownOf(state);
      const key = JSON.stringify([search, own.map(({ id }) => id)]);
      if (key === asked) return;
      asked = key;
      job++;
      found = nothing;
      post({ job, own, search });
    },
    found: () => found,
  };
}

/** What of a state its search depends on. */
export function askedOf({ a, find }: Pick<State, "a" | "find">): SearchAsked {
  const { model, machine, granularity, times, engine, weightFormat, cacheFormat, calibration } = a;
  const { gpusFrom, gpusTo, inputTokens, outputTokens, freePercent, drafts } = find;
  return {
    choice: {
      model,
      machine,
      granularity,
      times,
      engine,
      weightFormat,
      cacheFormat,
      ...(calibration === undefined ? {} : { calibration }),
    },
    find: { gpusFrom, gpusTo, inputTokens, outputTokens, freePercent, drafts },
  };
}

function ownOf({ a, own }: State): readonly Model[] {
  return own.filter(({ id }) => id === a.model);
}
