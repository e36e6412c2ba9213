import { formatCount } from "../../text/numbers";
import { type Claim, claims } from "../claims";
import type { Verdict } from "../parts/verdict";
import { chineseClaims } from "./chinese-claims";

/**
 * The answer to "do small experts break the hardware?" in one Chinese sentence, from the verdicts alone.
 *
 * How many claims hold at least mostly, hold by half, fail, turn on a word and are open.
 *
 * @example chineseAnswer() // "部分是：…"
 */
export function chineseAnswer(judged: readonly Pick<Claim, "verdict">[] = claims()): string {
  const of = (...wanted: readonly Verdict[]) => judged.filter((c) => wanted.includes(c.verdict)).length;
  const [held, half, failed] = [of("Right", "Mostly right"), of("Half right"), of("Mostly wrong", "Wrong")];
  const word = held > 2 * (half + failed) ? "大体是" : failed > 2 * (held + half) ? "大体不是" : "部分是";
  const rest = [
    [half, "对一半"],
    [failed, "不成立"],
    [of("Depends on a word"), "取决于词义"],
    [of("Not yet"), "尚无定论"],
  ] as const;
  const also = rest.filter(([count]) => count > 0).map(([count, words]) => `${formatCount(count)} 条${words}`);
  return `${word}：${[`${formatCount(judged.length)} 条论断中 ${formatCount(held)} 条成立`, ...also].join("，")}。`;
}

/** The verdict table of the Chinese README in Markdown: one row for each claim. */
export function chineseVerdictTable(judged: readonly Claim[] = claims()): string {
  const head = ["论断", "内容（我们的转述）", "结论", "理由", "2025 年 1 月时", "笔记本"];
  const rows = chineseClaims(judged).map((c) => [
    c.id,
    c.statement,
    `**${c.verdict}**`,
    c.headline,
    c.inJanuary2025,
    `[${c.notebook.slice(0, 2)}](notebooks/${c.notebook}.ipynb)`,
  ]);
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
