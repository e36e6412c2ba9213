import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Rows, refiner } from "../../src/explore/refine";
import { setUp } from "../../src/explore/setup";
import { firstState } from "../../src/explore/state";
import { claimIds, claimRow, scenarioOf } from "../../src/explore/verdicts";
import type { Answered, Asked } from "../../src/explore/worker";
import { defaultDraws } from "../../src/index";

/** A worker that answers when the test says so. */
class SlowWorker {
  static last: SlowWorker | undefined;
  readonly asked: Asked[] = [];
  onmessage: (event: { data: Answered }) => void = () => {};
  constructor() {
    SlowWorker.last = this;
  }
  /** The tables of the page come first, and are no question. */
  postMessage(asked: Asked | typeof tables): void {
    if ("job" in asked) this.asked.push(asked);
    else expect(asked).toBe(tables);
  }
}

const tables = { "claims.csv": "" };

const setupOf = (tokensInFlight: number) => setUp({ ...firstState.a, tokensInFlight });
const id = "0a";
const at = claimIds().indexOf(id);

describe("the claims of the page", () => {
  let shown: readonly Rows[] = [];
  let waiting = Number.NaN;
  beforeEach(() => {
    vi.useFakeTimers();
    SlowWorker.last = undefined;
    vi.stubGlobal("deepshockExplorer", () => {});
    vi.stubGlobal("deepshockData", tables);
    vi.stubGlobal("Worker", SlowWorker);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
  /** All draws are asked for once the reader has paused. */
  const asked = (): readonly Asked[] => {
    vi.runAllTimers();
    return SlowWorker.last?.asked ?? [];
  };
  const start = () =>
    refiner((rows, yetToCome) => {
      shown = rows;
      waiting = yetToCome;
    });

  it("are all answered at once, and each again when its draws have come", () => {
    const judge = start();
    judge.ask([setupOf(512)], []);
    expect(shown[0]?.map((row) => row.id)).toEqual(claimIds());
    expect(SlowWorker.last).toBeUndefined();
    const before = waiting;
    const row = claimRow(id, scenarioOf(setupOf(512)), defaultDraws);
    const job = asked()[0]?.job ?? 0;
    SlowWorker.last?.onmessage({ data: { job, scenario: 0, row } });
    expect(shown[0]?.[at]).toEqual(row);
    expect(waiting).toBe(before - 1);
  });

  it("are answered one by one where nobody looks, and not at all for what is no longer asked", () => {
    const judge = start();
    shown = [];
    judge.ask([setupOf(640)], [], "slowly");
    expect(shown).toEqual([]);
    judge.ask([setupOf(704)], [], "slowly");
    vi.advanceTimersByTime(310);
    expect(shown).toEqual([]);
    expect(asked().map(({ scenarios }) => scenarios[0]?.tokensInFlight)).toEqual([704]);
    expect(shown[0]?.[at]?.median).toBe((704 * 8) / 384);
  });

  it("never show for one scenario what was answered for the one before it", () => {
    const judge = start();
    judge.ask([setupOf(512)], []);
    const first = asked()[0]?.job ?? 0;
    judge.ask([setupOf(8192)], []);
    const expected = shown[0]?.[at];
    // The first question's answer comes late.
    const late = claimRow(id, scenarioOf(setupOf(512)), defaultDraws);
    SlowWorker.last?.onmessage({ data: { job: first, scenario: 0, row: late } });
    expect(shown[0]?.[at]).toEqual(expected);
    judge.ask([setupOf(8192)], []);
    expect(shown[0]?.[at]).toEqual(expected);
    expect(shown[0]?.[at]?.median).not.toBe(late.median);
  });
});
