import { oneOf, type Row, readRows, text } from "../data/rows";
import { source } from "../data/sources";
import { isKnown } from "./known-by";

/** A link between accelerators of one domain: a row of data/scale-up-fabrics.csv. */
export interface Fabric {
  readonly name: string;
  readonly maker: string;
  readonly date: string;
  readonly semantics: "memory" | "messages";
  readonly carrier: "own" | "Ethernet";
  readonly shipped: boolean;
  readonly source: string;
}

/** A published exchange: a row of data/exchange-movers.csv. */
export interface ExchangeMover {
  readonly name: string;
  readonly maker: string;
  readonly date: string;
  readonly scope: "exchange" | "collective";
  readonly mover: "loads and stores" | "engine inside" | "engine outside" | "network card";
  readonly initiator: "processor" | "host" | "engine";
  readonly addsUp: "processor" | "engine" | "nobody";
  readonly source: string;
}

/** Fabrics announced by a day. */
export function fabrics(knownBy: string): readonly Fabric[] {
  readFabrics ??= readRows("scale-up-fabrics.csv").map((row) => ({
    ...common(row, "fabric"),
    semantics: oneOf(row, "semantics", ["memory", "messages"]),
    carrier: oneOf(row, "carrier", ["own", "Ethernet"]),
    shipped: oneOf(row, "shipped", ["yes", "no"]) === "yes",
  }));
  return readFabrics.filter((f) => isKnown(f.date, knownBy));
}

let readFabrics: readonly Fabric[] | undefined;

/** Exchanges published by a day. */
export function exchangeMovers(knownBy: string): readonly ExchangeMover[] {
  readMovers ??= readRows("exchange-movers.csv").map((row) => ({
    ...common(row, "implementation"),
    scope: oneOf(row, "scope", ["exchange", "collective"]),
    mover: oneOf(row, "mover", ["loads and stores", "engine inside", "engine outside", "network card"]),
    initiator: oneOf(row, "initiator", ["processor", "host", "engine"]),
    addsUp: oneOf(row, "addsUp", ["processor", "engine", "nobody"]),
  }));
  return readMovers.filter((m) => isKnown(m.date, knownBy));
}

let readMovers: readonly ExchangeMover[] | undefined;

function common(row: Row, name: string): { readonly name: string; readonly maker: string; readonly date: string; readonly source: string } {
  return { name: text(row, name), maker: text(row, "maker"), date: text(row, "date"), source: source(text(row, "source")).id };
}
