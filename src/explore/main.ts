import { start } from "./page";
import { serve } from "./worker";

// One script for both sides: what knows no document is the worker.
if (typeof document === "undefined") serve();
else start();
