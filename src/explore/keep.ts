import { byId, copy, download } from "./dom";

/** What a reader can take along, as it is when a button is pressed. */
export interface Kept {
  readonly link: () => string;
  readonly csv: () => string;
}

/** The buttons that copy the link and the notebook cell and save the numbers; each says what became of it. */
export function offerToKeep({ link, csv }: Kept): void {
  const said = (text: string) => {
    byId("taken").textContent = text;
  };
  byId("copy-link").addEventListener("click", async () => {
    said((await copy(link())) ? "The link is on the clipboard." : "The browser keeps the clipboard closed: copy the page's address.");
  });
  byId("save-csv").addEventListener("click", () => {
    download("deepshock.csv", "text/csv", csv());
    said("The numbers were saved as deepshock.csv.");
  });
  byId("copy-cell").addEventListener("click", async () => {
    byId<HTMLDetailsElement>("cell").open = true;
    const text = byId("cell-code").textContent ?? "";
    said((await copy(text)) ? "The cell is on the clipboard." : "The browser keeps the clipboard closed: select the code below.");
  });
}
