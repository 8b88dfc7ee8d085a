// The program of a night's second thread: see src/rule/beside.ts.
import { parentPort } from "node:worker_threads";
import { type Asked, WalkBeside } from "#rule";
import { rules } from "#rules";

const beside = new WalkBeside(rules);
parentPort!.on("message", (asked: Asked) => parentPort!.postMessage(beside.answer(asked), []));
