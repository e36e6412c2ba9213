import { at, type Row, readRows, text } from "../../data/rows";
import type { Claim } from "../claims";
import { headlineParts } from "../parts/headline";
import { probabilityWords, resultWords } from "../parts/part-words";
import { countedParts } from "../parts/verdict";
import { sayOf } from "../rules/all-rules";
import { type ChinesePart, chineseParts } from "./chinese-parts";
import { chineseGrades, chineseOutcome, chineseVerdicts } from "./chinese-words";

/** A claim as the Chinese edition shows it: the same verdict and the same numbers. */
export interface ChineseClaim {
  readonly id: string;
  readonly name: string;
  readonly statement: string;
  readonly verdict: string;
  readonly headline: string;
  /** What it came to by what was known on the day of the article. */
  readonly inJanuary2025: string;
  readonly why: string;
  readonly whatWouldChangeIt: string;
  readonly notebook: string;
  readonly parts: readonly ChinesePartRow[];
}

/** One part of a claim in Chinese. */
export interface ChinesePartRow {
  readonly id: string;
  readonly statement: string;
  /** What was found; empty where nothing is added to the word. */
  readonly found: string;
  readonly words: string;
  readonly probability: string;
  readonly grade: string;
  /** Whether the verdict counts it. */
  readonly counts: boolean;
}

/** Words of a claim: a row of data/claims-zh.csv. */
interface ChineseText {
  readonly id: string;
  readonly name: string;
  readonly statement: string;
  readonly whatWouldChangeIt: string;
  readonly why: string;
}

const columns = ["id", "name", "statement", "whatWouldChangeIt", "why"] as const;

let texts: ReadonlyMap<string, ChineseText> | undefined;

/**
 * Judged claims in Chinese: verdict, headline and parts follow from the same findings as in English.
 *
 * The headline has the clauses that the English one has, so that neither edition says more than the other.
 *
 * @throws RangeError naming the claim or the part that has no Chinese words.
 * @example chineseClaims(claims())[0].verdict // "大体对"
 */
export function chineseClaims(judged: readonly Claim[]): readonly ChineseClaim[] {
  texts ??= readTexts(readRows("claims-zh.csv"));
  return judged.map((claim) => inChinese(claim, texts as ReadonlyMap<string, ChineseText>));
}

function inChinese(claim: Claim, words: ReadonlyMap<string, ChineseText>): ChineseClaim {
  const own = words.get(claim.id);
  if (own === undefined) throw new RangeError(`data/claims-zh.csv must hold every claim, found no row "${claim.id}"`);
  const line = headlineParts(claim.parts, sayOf(claim.id), claim.verdict)
    .map((part) => partOf(part.id).say(part))
    .join("；");
  const counted = new Set(countedParts(claim.parts).map(({ part }) => part.id));
  return {
    ...own,
    verdict: chineseVerdicts[claim.verdict],
    headline: line === "" ? "尚无公开资料可以判定。" : `${line}。`,
    inJanuary2025: chineseVerdicts[claim.then.verdict],
    notebook: claim.notebook,
    parts: claim.parts.map((part) => ({
      id: part.id,
      statement: partOf(part.id).statement,
      found: Number.isNaN(part.value) ? "" : partOf(part.id).say(part),
      words: chineseOutcome(resultWords(part)),
      probability: probabilityWords(part.probability).replace("under ", "小于 ").replace("over ", "大于 ").replace(" %", "%"),
      grade: chineseGrades[part.grade],
      counts: counted.has(part.id),
    })),
  };
}

function partOf(id: string): ChinesePart {
  const found = chineseParts[id];
  if (found === undefined) throw new RangeError(`src/claims/chinese/chinese-parts.ts must hold every part, found no "${id}"`);
  return found;
}

function readTexts(rows: readonly Row[]): ReadonlyMap<string, ChineseText> {
  const found = new Map<string, ChineseText>();
  for (const row of rows) {
    const [id, name, statement, whatWouldChangeIt, why] = columns.map((column) => text(row, column)) as [
      string,
      string,
      string,
      string,
      string,
    ];
    if (found.has(id)) throw new Error(`${at(row)}: the claim "${id}" stands twice`);
    found.set(id, { id, name, statement, whatWouldChangeIt, why });
  }
  return found;
}
