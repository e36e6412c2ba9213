import { formatCount } from "../../text/numbers";
import { type Claim, claims } from "../claims";
import { countedParts, nearness, type Verdict } from "../parts/verdict";
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

/**
 * How far to trust the verdicts, as `verdictsText` says it: what they rest on, which are close, and what those of questions mean.
 *
 * @example chineseVerdictsText()
 */
export function chineseVerdictsText(judged: readonly Claim[] = claims()): string {
  const parts = judged.flatMap((c) => countedParts(c.parts)).flatMap(({ part }) => (Number.isNaN(part.value) ? [] : [part]));
  const of = (grade: string) => formatCount(parts.filter((p) => p.grade === grade).length);
  const ids = (wanted: readonly Claim[]) => (wanted.length === 0 ? "无" : wanted.map((c) => c.id).join("、"));
  const near = (how: ReturnType<typeof nearness>) => ids(judged.filter((c) => nearness(c.parts) === how));
  const asked = judged.filter((c) => countedParts(c.parts).every(({ part }) => part.stance === "asks"));
  return [
    `起决定作用的 ${formatCount(parts.length)} 个分项中，${of("A")} 个依据独立实测或统计，${of("B")} 个依据厂商自述，${of("C")} 个依据二手资料，${of("D")} 个仅由我们的成本模型得出。`,
    `正好落在对、一半、错的分界上：${near("border")}。只要一个分项的结果差一档（对、未定、错）就会换边：${near("one step")}。`,
    ...(asked.length === 0 ? [] : [`作者只是提问的论断（${ids(asked)}），“对”意为“是”。`]),
  ].join("");
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
