import { type Fact, readFacts } from "./rows";

/**
 * Published sizes of accesses, in bytes or tokens, by access and quantity.
 *
 * @example accessFact("dram-sector", "bytes") // 32
 */
export function accessFact(access: string, quantity: "bytes" | "tokens" | "selectedTokens"): number {
  facts ??= readFacts("accesses.csv", "access");
  const fact = facts.find((f) => f.subject === access && f.quantity === quantity);
  if (fact === undefined) throw new RangeError(`accesses.csv has no ${quantity} of "${access}"`);
  return fact.value;
}

let facts: readonly Fact[] | undefined;
