/** What `deepshock` gives of text/. Numbers as readers expect them. */
export { formatBytes, formatCount, formatNumber, formatSeconds, formatShare } from "./numbers";
