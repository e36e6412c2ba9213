import type { Model } from "../index";
import type { Deployment, SearchPlan } from "../step/search/search";
import type { Way } from "../step/search/ways";
import { type FoundPoint, planOfSearch, pointOf, type SearchAsked } from "./found";

/** A search as the worker gets it. */
export interface SearchJob {
  readonly job: number;
  readonly own: readonly Model[];
  readonly search: SearchAsked;
}

/** A part of what a search found: only what is new. */
export interface SearchSlice {
  readonly job: number;
  readonly points: readonly FoundPoint[];
  /** Ways that are looked at in all. */
  readonly searched: number;
  readonly done: boolean;
  /** Since the search began. */
  readonly milliseconds: number;
  /** Why nothing can be searched. */
  readonly trouble?: string;
}

/** Milliseconds until the first answer, and between those after it. */
const [firstSlice, slice] = [50, 150];

/**
 * Answer a search in slices, its outline first, until all is found or something newer was asked.
 *
 * @param isNewest - false once a newer question waits: nothing more is answered.
 */
export async function searchInSlices(
  { job, search }: Pick<SearchJob, "job" | "search">,
  isNewest: () => boolean,
  answer: (slice: SearchSlice) => void,
): Promise<void> {
  try {
    const start = performance.now();
    const since = () => performance.now() - start;
    let [began, most] = [start, firstSlice];
    const plan = planOfSearch(search);
    let points: FoundPoint[] = [];
    let { searched } = plan;
    for (const tried of triesOf(plan)) {
      if (tried.found !== undefined) points.push(pointOf(tried.found.way, tried.found.deployment));
      searched = tried.searched;
      if (performance.now() - began < most) continue;
      answer({ job, points, searched, done: false, milliseconds: since() });
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (!isNewest()) return;
      points = [];
      [began, most] = [performance.now(), slice];
    }
    answer({ job, points, searched, done: true, milliseconds: since() });
  } catch (error) {
    answer({ job, points: [], searched: 0, done: true, milliseconds: 0, trouble: (error as Error).message });
  }
}

/** Each way of a plan, then batches between them; and how many are looked at in all, as far as that is known. */
function* triesOf({ ways, deploymentOf, between, searched }: SearchPlan) {
  const kept: { readonly way: Way; readonly deployment: Deployment }[] = [];
  for (const way of ways) {
    const deployment = deploymentOf(way);
    const found = deployment === undefined ? undefined : { way, deployment };
    if (found !== undefined) kept.push(found);
    yield { found, searched };
  }
  let more = 0;
  for (const found of between(kept)) yield { found, searched: searched + ++more };
}
