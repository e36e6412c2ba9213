#!/usr/bin/env node
import { answer } from "./cli-answer";

/** The command `deepshock`. */
const { code, out, error } = answer(process.argv.slice(2));
process.stdout.write(out);
process.stderr.write(error);
process.exitCode = code;
