import { formatShare } from "../../text/numbers";
import type { Grade } from "../parts/kinds";
import { likelihoodWords } from "../parts/part-words";
import type { Verdict } from "../parts/verdict";

/** The seven verdicts in Chinese. */
export const chineseVerdicts: Readonly<Record<Verdict, string>> = {
  Right: "对",
  "Mostly right": "大体对",
  "Half right": "对一半",
  "Mostly wrong": "大体错",
  Wrong: "错",
  "Depends on a word": "取决于词义",
  "Not yet": "尚无定论",
};

/** The IPCC's words for a probability, as its Chinese summaries have them, and our words for a share of a population. */
const likelihoods: Readonly<Record<string, string>> = {
  "virtually certain": "几乎确定",
  "very likely": "很可能",
  likely: "可能",
  "about as likely as not": "或许可能",
  unlikely: "不可能",
  "very unlikely": "很不可能",
  "exceptionally unlikely": "几乎不可能",
  "in all": "全部",
  "in nearly all": "几乎全部",
  "in most": "多数",
  "in about half": "约半数",
  "in few": "少数",
  "in very few": "极少数",
  "in none": "没有",
  holds: "成立",
  "does not hold": "不成立",
  "does not apply": "不适用",
  "not known yet": "尚不清楚",
  "not seen yet": "尚未出现",
  "holds under every reading": "各种读法下都成立",
  "holds under no reading": "各种读法下都不成立",
  "open under every reading": "各种读法下都未定",
  "depends on the reading": "取决于读法",
};

/** What a part came to, in Chinese. @throws RangeError for words that no part has. */
export function chineseOutcome(words: string): string {
  const found = likelihoods[words];
  if (found === undefined) throw new RangeError(`expected the words of a judged part, such as "${likelihoodWords(1)}", got "${words}"`);
  return found;
}

/** Grades of evidence in Chinese. */
export const chineseGrades: Readonly<Record<Grade, string>> = {
  A: "A 独立实测或统计",
  B: "B 厂商自述",
  C: "C 二手",
  D: "D 仅由本项目的模型得出",
};

/** A share as Chinese text sets it: no space before the sign. */
export function chineseShare(share: number): string {
  return formatShare(share).replace("less than ", "小于 ").replace(" %", "%");
}
