import { describe, expect, it } from "vitest";
import { type Kind, mayTake, questions } from "../question-table";

/** What a spreadsheet, a form or a slip of the hand puts into a field. */
const eighteen: Readonly<Record<string, unknown>> = {
  null: null,
  "not a number": Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  "minus infinity": Number.NEGATIVE_INFINITY,
  "minus one": -1,
  zero: 0,
  "a half": 0.5,
  "one and a half": 1.5,
  "more than can be": 1e308,
  "more than can be counted": 2 ** 53,
  "an empty text": "",
  "a number as text": "1",
  "an unknown word": "none such",
  true: true,
  "an empty list": [],
  "an empty record": {},
  "a function": () => 1,
  "a big integer": 1n,
};

/** Numbers that are none, in an answer of any depth. */
function noNumbers(answer: unknown, path = "answer", seen = new Set<unknown>()): readonly string[] {
  if (typeof answer === "number") return Number.isFinite(answer) ? [] : [`${path} is ${answer}`];
  if (typeof answer !== "object" || answer === null || seen.has(answer)) return [];
  seen.add(answer);
  return Object.entries(answer).flatMap(([name, part]) => noNumbers(part, `${path}.${name}`, seen));
}

/** What is wrong with what a question says to a bad value of one of its fields; undefined where nothing is. */
function wrong(ask: () => unknown, field: string, value: unknown, [name, kind]: readonly [string, Kind]): string | undefined {
  const took = (mayTake[kind] as readonly unknown[]).some((one) => one === value || one === name);
  try {
    const numbers = noNumbers(ask());
    if (!took) return `${field}: ${name} got an answer`;
    return numbers.length === 0 ? undefined : `${field}: ${name} got ${numbers[0]}`;
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof RangeError)) return `${field}: ${name} got ${(error as Error).name}: ${message}`;
    // A record that lacks what it must hold is told by the first that it lacks.
    const isInside = name === "an empty record" && /\bmust be\b/.test(message);
    return message.includes(field) || isInside ? undefined : `${field}: ${name} is refused by another name: ${message}`;
  }
}

describe.each(questions)("$name", ({ ask, base, fields }) => {
  const asked = ask as (question: object) => unknown;

  it("answers the question that the others are made of", () => {
    expect(() => asked(base)).not.toThrow();
  });

  it.each(Object.entries(fields))("refuses each of eighteen bad values of %s by its name, or answers in numbers", (field, kind) => {
    const found = Object.entries(eighteen).map(([name, value]) =>
      wrong(() => asked({ ...base, [field]: value }), field, value, [name, kind]),
    );
    expect(found.filter((one) => one !== undefined)).toEqual([]);
  });
});

it("eighteen values are tried", () => {
  expect(Object.keys(eighteen)).toHaveLength(18);
});
