import { expect, it } from "vitest";
import { verdictOf } from "../../src/claims/verdict";

const conditions = (...holds: boolean[]) => holds.map((h, i) => ({ condition: `condition ${i}`, found: "", holds: h }));

it("supports a claim whose conditions all hold", () => {
  expect(verdictOf(conditions(true))).toBe("supported");
  expect(verdictOf(conditions(true, true, true))).toBe("supported");
});

it("supports within bounds a claim of which some hold, wherever they stand", () => {
  expect(verdictOf(conditions(true, false))).toBe("supported within bounds");
  expect(verdictOf(conditions(false, false, true))).toBe("supported within bounds");
});

it("does not support a claim of which none holds", () => {
  expect(verdictOf(conditions(false))).toBe("not supported");
  expect(verdictOf(conditions(false, false))).toBe("not supported");
});

it("calls a claim without conditions untested", () => {
  expect(verdictOf([])).toBe("untested");
});
