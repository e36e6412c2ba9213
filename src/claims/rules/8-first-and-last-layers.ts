import type { Model } from "../../model/model";
import { layerEnds } from "../../published/next";
import { formatCount, formatShare } from "../../text/numbers";
import { articleDay } from "../known-by";
import type { Context } from "../parts/context";
import { type Finding, fact, notKnown } from "../parts/finding";
import type { ClaimRule, PartRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { overReleases, releasesOf } from "../release-population";

/**
 * The ends of a model. The author asks, in brackets, whether the first two and the last two layers spoil the picture of experts that act
 * as one whole. Front and end are two questions; how many layers at the front is a third one, which no verdict counts.
 */
export const layerEndsClaim: ClaimRule = {
  id: "8",
  parts: [
    ends("8.front", "first layer", (m) => front(m) >= 1, 1),
    ends("8.last", "last layer", (m) => layerEnds(m).lastDense >= 1, 1),
    ends("8.two", "first two layers or more", (m) => front(m) >= 2, 0),
  ],
};

function ends(id: string, which: string, differs: (m: Model) => boolean, stress: 0 | 1): PartRule {
  return {
    id,
    statement: `At least half of the designs treat the ${which} differently from the middle.`,
    stance: "asks",
    scope: "open releases with experts since the article",
    kind: "fact",
    quantity: "share of the releases that do",
    unit: "share",
    threshold: { atLeast: 0.5, reason: "most designs" },
    by: articleDay,
    stress,
    grade: "A",
    judge: (c) => share(c, differs),
    say: ({ value, outcome }) => (outcome === "pending" ? "" : `the ${which} differs in ${formatShare(value)} of releases`),
  };
}

function share(c: Context, differs: (m: Model) => boolean): Finding {
  const all = releasesOf(c, { sizeFloor: 1e10 });
  const counted = all.length > 0 ? all : releasesOf(c, { sizeFloor: 1e10, after: "2023-12-01" });
  const found = overReleases(
    "open releases with experts",
    counted,
    (m) => (differs(m) ? 1 : 0),
    (v) => v === 1,
  );
  if (found.count === 0) return notKnown("no releases");
  return fact(
    meets("share", { atLeast: 0.5 })(found.share),
    found.share,
    `${formatShare(found.share)} of ${formatCount(found.count)} releases`,
  );
}

/** Layers at the front that are dense or route by a hash; where dense ones alternate with others the front is nothing special. */
function front(m: Model): number {
  const { firstDense, firstHash } = layerEnds(m);
  return firstDense + firstHash;
}
