/** The whole script of the page, which notebooks/jupyter/explore.mjs wraps in this function: its text makes the worker. */
declare function deepshockExplorer(): void;
