import type { Figure } from "../index";

/** What a figure shows, in one sentence: what it finds, else the first sentence of the words that stand in for it. */
export function spokenSentence({ title, alt }: Pick<Figure, "title" | "alt">): string {
  const [first = ""] = (title ?? alt).trim().split(/(?<=[.!?])\s+(?=\p{Lu})/u);
  const sentence = first[0] === undefined ? "" : first[0].toUpperCase() + first.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** An SVG with a title and a description as its first children, whatever letters stand in them. */
export function withWords(svg: string, title: string, description: string): string {
  const words = `<title>${escaped(title)}</title><desc>${escaped(description)}</desc>`;
  return svg.replace(/<svg\b[^>]*>/, (opening) => opening + words);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
