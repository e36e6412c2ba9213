import { bench, describe } from "vitest";
import { claims } from "../../src/claims/claims";

let seed = 0;

/** Goal: under two seconds on one core. Every call takes another seed, since claims are remembered by what was asked. */
describe("all sixteen claims, 4,096 draws each", () => {
  bench("one seed", () => void claims({ seed: ++seed }), { iterations: 3, warmupIterations: 1 });
});
