/**
 * A value as one cell of a table in a text file, harmless wherever it is opened: quoted where a comma separates, without the
 * separators of other dialects (`;`, `|`, a tab), and with a space in front of what a spreadsheet would compute.
 */
export function separatedCell(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = value
    .replace(/[\t\r\n\u2028\u2029]+/gu, " ")
    .replace(/[;|]/g, ",")
    .replace(/(^|[,"'])(?=\s*[=+\-@＝＋－＠])/gu, "$1 ");
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
