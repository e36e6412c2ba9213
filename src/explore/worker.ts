import { addModel, type Model, type Scenario } from "../index";
import { type SearchJob, searchInSlices } from "./search-slices";
import { type ClaimRow, claimRow } from "./verdicts";

/** What the page asks; a newer question takes the place of the one before. */
export interface Asked {
  readonly job: number;
  readonly own: readonly Model[];
  readonly scenarios: readonly Partial<Omit<Scenario, "knownBy">>[];
  /** Of which scenario, and which claim. */
  readonly claims: readonly { readonly scenario: number; readonly id: string }[];
  readonly draws: number;
}

/** One claim answered. */
export interface Answered {
  readonly job: number;
  readonly scenario: number;
  readonly row: ClaimRow;
}

/** Answer questions, claim by claim or slice of a search by slice, for as long as the page asks. */
export function serve(): void {
  let newest = 0;
  self.onmessage = async ({ data }: MessageEvent<Asked | SearchJob>) => {
    newest = data.job;
    for (const own of data.own) addModel(own);
    if ("search" in data) {
      await searchInSlices(
        data,
        () => newest === data.job,
        (slice) => self.postMessage(slice),
      );
      return;
    }
    for (const { scenario, id } of data.claims) {
      // Lets a newer question through, which ends this one.
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (newest !== data.job) return;
      self.postMessage({ job: data.job, scenario, row: claimRow(id, data.scenarios[scenario] ?? {}, data.draws) } satisfies Answered);
    }
  };
}
